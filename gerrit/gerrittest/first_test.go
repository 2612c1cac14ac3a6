package gerrittest

import "testing"

func TestChangesAreNumberedFromTheFirstOn(t *testing.T) {
	s := NewServer(Config{FirstChange: 4711})
	defer s.Close()
	one, two := s.Push(Push{Project: "demo"}), s.Push(Push{Project: "demo"})
	if one.Change != 4711 || two.Change != 4712 {
		t.Errorf("pushed %d and %d", one.Change, two.Change)
	}
	if got := s.Change(4712); got.Number != 4712 || got.Current.Ref != "refs/changes/12/4712/1" {
		t.Errorf("got %+v", got)
	}
	for _, none := range []int{0, 1, 4710, 4713} {
		if got := s.Change(none); got.Number != 0 {
			t.Errorf("change %d is there: %+v", none, got)
		}
	}
}
