package app

import "testing"

func TestTheLimitLeavesRoomAndHasACeiling(t *testing.T) {
	for heap, want := range map[int64]int64{10 << 20: 50 << 20, 60 << 20: 116 << 20, 200 << 20: 300 << 20} {
		if got := limitFor(heap); got != want {
			t.Errorf("rules of %d MiB: a limit of %d MiB, want %d", heap>>20, got>>20, want>>20)
		}
	}
}
