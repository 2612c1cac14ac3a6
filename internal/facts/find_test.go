package facts

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"testing"

	"verdict/gerrit"
)

// listing is a Gerrit that finds so many changes, of which every second is of the project "mine".
type listing struct {
	Gerrit
	n     int
	err   error
	asked string
	given int
}

func (l *listing) AllChanges(_ context.Context, q string, _ gerrit.QueryChangesOpt) iter.Seq2[*gerrit.ChangeInfo, error] {
	l.asked = q
	return func(yield func(*gerrit.ChangeInfo, error) bool) {
		for n := range l.n {
			l.given++
			project := "mine"
			if n%2 == 1 {
				project = "theirs"
			}
			if !yield(&gerrit.ChangeInfo{ChangeNumber: n + 1, Project: project, Branch: "main", CurrentRevision: "r"}, nil) {
				return
			}
		}
		if l.err != nil {
			yield(nil, l.err)
		}
	}
}

func mine(project, _ string) bool { return project == "mine" }

func TestFindTakesWhatIsWantedAndNoMore(t *testing.T) {
	for _, test := range []struct {
		changes, atMost, found int
		more                   bool
	}{{0, 3, 0, false}, {5, 3, 3, false}, {6, 3, 3, false}, {7, 3, 3, true}, {1000, 3, 3, true}, {2 * mostLooked, 3 * mostLooked, mostLooked / 2, true}} {
		l := &listing{n: test.changes}
		s := &Source{Gerrit: map[string]Gerrit{"main": Guard("gerrit main", l)}}
		found, more, err := s.Session(About{}).Find(t.Context(), "main", "a OR b", gerrit.NewScope([]string{"mine"}, nil), test.atMost, mine)
		if err != nil || len(found) != test.found || more != test.more {
			t.Errorf("of %d changes it found %d, more %t, %v; want %d, %t", test.changes, len(found), more, err, test.found, test.more)
		}
		if l.asked != `(a OR b) (project:"mine")` {
			t.Errorf("it asked for %s", l.asked)
		}
		if test.more && test.changes == 1000 && l.given > 7 {
			t.Errorf("it went through %d changes, though it had enough", l.given)
		}
	}
}

func TestFindTellsARefusalFromAServerThatIsAway(t *testing.T) {
	refusal := &gerrit.HTTPError{Res: &http.Response{StatusCode: 400}, Body: []byte("Unsupported operator nosuch:thing\nmore\n")}
	for _, test := range []struct {
		server string
		err    error
		why    string
	}{
		{"main", refusal, "main refuses it: Unsupported operator nosuch:thing"},
		{"other", nil, "other refuses it: the configuration has no such Gerrit"},
		{"main", &gerrit.NoAnswerError{Status: 502}, ""},
	} {
		s := &Source{Gerrit: map[string]Gerrit{"main": Guard("gerrit main", &listing{n: 2, err: test.err})}}
		_, _, err := s.Session(About{}).Find(t.Context(), test.server, "q", gerrit.Scope{}, 100, mine)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) != (test.why != "") || test.why != "" && refused.Error() != test.why {
			t.Errorf("%v: it says %v, want %q", test.err, err, test.why)
		}
	}
}
