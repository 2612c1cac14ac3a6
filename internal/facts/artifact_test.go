package facts

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"verdict/taskcluster"
)

// oneRun is a queue with one task, and what it says of its artifact.
type oneRun struct {
	Queue
	content []byte
	err     error
	runs    int
	asked   []string
}

func (q *oneRun) Status(context.Context, string) (*taskcluster.TaskStatus, error) {
	if q.runs < 0 {
		return nil, taskcluster.ErrNotFound
	}
	return &taskcluster.TaskStatus{Runs: make([]taskcluster.Run, q.runs)}, nil
}

func (q *oneRun) Artifact(_ context.Context, taskID string, run int, name string, as taskcluster.Caller, atMost int64) ([]byte, error) {
	q.asked = append(q.asked, fmt.Sprintf("%s/%d/%s as %q, %d", taskID, run, name, as.Name, atMost))
	return q.content, q.err
}

func TestAnArtifactIsThereOrNotOrCannotBeRead(t *testing.T) {
	away := errors.New("away")
	var unreadable *UnreadableError
	for name, c := range map[string]struct {
		content    string
		err        error
		runs       int
		text       string
		there      bool
		unreadable bool
		fails      error
	}{
		"there":              {content: "text", runs: 2, text: "text", there: true},
		"empty":              {runs: 2, there: true},
		"none":               {err: taskcluster.ErrNotFound, runs: 2},
		"an error":           {err: taskcluster.ErrArtifact, runs: 2},
		"no run yet":         {content: "text"},
		"the task expired":   {content: "text", runs: -1},
		"too large":          {err: taskcluster.ErrTooLarge, runs: 2, unreadable: true},
		"elsewhere":          {err: taskcluster.ErrArtifactHost, runs: 2, unreadable: true},
		"not for us":         {err: taskcluster.ErrScopes, runs: 2, unreadable: true},
		"no text":            {content: "\xff\xfe", runs: 2, unreadable: true},
		"nobody answers now": {err: away, runs: 2, fails: away},
	} {
		q := &oneRun{content: []byte(c.content), err: c.err, runs: c.runs}
		f := (&Source{Queue: q}).Session(About{TaskID: "T", Run: -1})
		for range 2 {
			text, there, err := f.Artifact(t.Context(), "public/a", taskcluster.Caller{Name: "team/rule"})
			if text != c.text || there != c.there || errors.As(err, &unreadable) != c.unreadable || c.fails != nil && !errors.Is(err, c.fails) || err != nil && c.fails == nil && !c.unreadable {
				t.Errorf("%s: %q, %t, %v", name, text, there, err)
			}
		}
		want := 1
		if c.fails != nil {
			want = 2
		}
		if c.runs <= 0 {
			want = 0
		}
		if len(q.asked) != want || want > 0 && q.asked[0] != `T/1/public/a as "team/rule", 65536` {
			t.Errorf("%s: asked %q, want %d times for the latest run's", name, q.asked, want)
		}
	}
}

func TestAnArtifactIsOfTheEventsOwnRun(t *testing.T) {
	q := &oneRun{runs: 3}
	if _, _, err := (&Source{Queue: q}).Session(About{TaskID: "T", Run: 1}).Artifact(t.Context(), "public/a", taskcluster.Caller{}); err != nil || q.asked[0] != `T/1/public/a as "", 65536` {
		t.Errorf("asked %q, %v; want run 1's", q.asked, err)
	}
}

func TestARecordedArtifactIsNotFetched(t *testing.T) {
	f := (&Source{Recorded: map[string]any{"artifacts": map[string]any{"public/a": "text", "public/none": nil}}}).Session(About{TaskID: "T"})
	var missing *MissingError
	for name, want := range map[string]string{"public/a": "text true <nil>", "public/none": " false <nil>"} {
		text, there, err := f.Artifact(t.Context(), name, taskcluster.Caller{})
		if got := fmt.Sprint(text, " ", there, " ", err); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if _, _, err := f.Artifact(t.Context(), "public/other", taskcluster.Caller{}); !errors.As(err, &missing) {
		t.Errorf("one that nobody recorded: %v", err)
	}
}
