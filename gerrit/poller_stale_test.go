package gerrit_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"verdict/gerrit"
)

// lagging is a way to a server that can give an answer of before.
type lagging struct {
	last, old []byte // answers about one change
}

// RoundTrip implements http.RoundTripper.
func (l *lagging) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if l.last, err = io.ReadAll(res.Body); err != nil {
		return nil, err
	}
	if l.old != nil {
		l.last = l.old
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(l.last)), int64(len(l.last))
	return res, nil
}

// lookBack looks at a change, at what then happened to it, and once more at what it was before that; and at last at
// what it is. It answers what was told from the look back on.
func lookBack(t *testing.T, begun time.Time) (told []string) {
	t.Helper()
	w, way := newWorld(t, nil), &lagging{}
	w.clock.at.Store(begun.Unix())
	w.begun()
	w.poller.Client.HTTPClient = &http.Client{Transport: way}
	look := func() {
		t.Helper()
		must(t, w.poller.Look(t.Context(), gerrit.Hint{Change: 1}))
	}
	w.push(1)
	look()
	must(t, w.Abandon(1, "alice", "no")) // all in one second
	look()
	before := way.last
	must(t, w.Restore(1, "alice", "yes"))
	w.SetHashtags(1, "alice", []string{"later"}, nil)
	look()
	w.expect(t, gerrit.HashtagsChanged, 1)

	w.poller.Inbox = acceptFunc(func(ctx context.Context, found gerrit.Found) error {
		for _, e := range found.Events {
			told = append(told, e.Type)
		}
		return w.found.AcceptChanges(ctx, found)
	})
	way.old = before
	look()
	way.old = nil
	look()
	return told
}

func TestAnAnswerOlderThanWhatWasSeenTellsNothing(t *testing.T) {
	if told := lookBack(t, time.Now()); len(told) > 0 {
		t.Errorf("told %q", told)
	}
}

// A server that was restored from a backup is as it says: what it shows isn't behind, as nobody wrote since long.
func TestAServerThatWasRestoredIsBelieved(t *testing.T) {
	told := lookBack(t, time.Now().Add(-time.Hour))
	if n := len(slices.DeleteFunc(told, func(kind string) bool { return kind != gerrit.HashtagsChanged })); n != 2 {
		t.Errorf("%d times told of the hashtag that is gone, and there again; want 2", n)
	}
}
