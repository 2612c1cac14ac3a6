package admin

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/store"
)

// newStore is a store with a parked event, a decision on another one, and its action.
func newStore(t *testing.T) *store.Store {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "v.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	at := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	_, err = s.Accept(ctx, store.Intake{Events: []store.Event{
		{ID: "parked00000000000000000000", Source: "pulse", Type: "queue/task-failed", State: store.EventParked, Error: "not JSON", Time: at, BodyVersion: 1, Body: []byte("{oh")},
		{ID: "wanted00000000000000000000", Source: "gerrit", Type: "change-merged", Change: "main~7", State: store.EventReceived, Time: at, Routes: "a\nb", BodyVersion: 1, Body: []byte(`{"type":"change-merged"}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.ClaimEvents(ctx, "test", 10, time.Minute)
	if err != nil || len(events) != 1 {
		t.Fatalf("claimed %d events, %v", len(events), err)
	}
	err = s.FinishEvent(ctx, store.Verdict{
		Event: events[0], State: store.EventDecided,
		Decisions: []store.Decision{{EventID: events[0].ID, Team: "graphics", Rule: "tag", Matched: true, Explanation: []byte(`{"matched":true}`), Facts: []byte("{}"), Decided: at}},
		Actions: []store.Action{{ID: "action00000000000000000000", EventID: events[0].ID, Team: "graphics", Rule: "tag", Key: "comment", Kind: "comment",
			Lane: "main~7", Server: "main", Change: 7, State: store.ActionPending, ArgsVersion: 1, Args: []byte(`{"message":"hello"}`)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve offers a desk on a socket, until the test ends.
func serve(t *testing.T, desk Admin) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "run", "admin.sock")
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Listen(ctx, socket)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, socket, desk) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if _, err := os.Stat(socket); err == nil {
			t.Error("the socket is still there")
		}
	})
	return socket
}

func dial(t *testing.T, socket string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// near and far are a desk, and the same one behind a socket.
func nearAndFar(t *testing.T) (near *Desk, far *Client) {
	near = &Desk{Store: newStore(t), Version: "1", Instance: "test"}
	return near, dial(t, serve(t, near))
}

func TestClientAnswersWhatTheDeskDoes(t *testing.T) {
	near, far := nearAndFar(t)
	ctx := t.Context()
	for name, ask := range map[string]func(a Admin) (any, error){
		"status": func(a Admin) (any, error) { return a.Status(ctx) },
		"events": func(a Admin) (any, error) { return a.Events(ctx, store.Filter{}) },
		"some events": func(a Admin) (any, error) {
			return a.Events(ctx, store.Filter{State: "parked", Limit: 1, NewestFirst: true, Since: time.Unix(1, 5)})
		},
		"matched": func(a Admin) (any, error) {
			return a.Events(ctx, store.Filter{MatchedOnly: true, Team: "graphics", Rule: "tag", Change: "main~7"})
		},
		"none":     func(a Admin) (any, error) { return a.Events(ctx, store.Filter{TaskID: "nothing"}) },
		"event":    func(a Admin) (any, error) { return a.Event(ctx, "wanted") },
		"history":  func(a Admin) (any, error) { return a.History(ctx, store.Filter{LookedAt: true, NewestFirst: true}) },
		"change":   func(a Admin) (any, error) { return a.Change(ctx, "main", 7) },
		"odd body": func(a Admin) (any, error) { return a.Event(ctx, "parked") },
		"actions":  func(a Admin) (any, error) { return a.Actions(ctx, store.Filter{}) },
		"action":   func(a Admin) (any, error) { return a.Action(ctx, "action") },
	} {
		want, wantErr := ask(near)
		got, err := ask(far)
		if err != nil || wantErr != nil {
			t.Errorf("%s: near %v, far %v", name, wantErr, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
}

func TestClientActsOnTheStore(t *testing.T) {
	near, far := nearAndFar(t)
	ctx := t.Context()
	_, holding := far.Hold(ctx, Hold{Scope: "team:graphics", Reason: "why not", By: "me"})
	steps := []error{
		holding,
		far.CancelAction(ctx, "action"),
		far.RetryEvent(ctx, "parked"),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	s, err := near.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Holds) != 1 || s.Holds[0].Scope != "team:graphics" || s.Holds[0].Reason != "why not" || s.Holds[0].By != "me" || s.Holds[0].Since.IsZero() {
		t.Errorf("holds are %+v", s.Holds)
	}
	if s.Counts.Actions["cancelled"] != 1 || s.Counts.Events["received"] != 1 || s.Counts.Events["parked"] != 0 {
		t.Errorf("counts are %+v", s.Counts)
	}
	if err := errors.Join(far.RetryAction(ctx, "action"), far.Release(ctx, "team:graphics")); err != nil {
		t.Fatal(err)
	}
	if a, err := near.Action(ctx, "action"); err != nil || a.State != "pending" {
		t.Errorf("the action is %s, %v", a.State, err)
	}
}

func TestStatusTellsWhatWaitsForAServer(t *testing.T) {
	s := newStore(t)
	if err := s.RetryEvent(t.Context(), "parked"); err != nil {
		t.Fatal(err)
	}
	events, err := s.ClaimEvents(t.Context(), "test", 1, time.Minute)
	if err != nil || len(events) != 1 {
		t.Fatalf("claimed %d events, %v", len(events), err)
	}
	if err := s.ReturnEvent(t.Context(), events[0].ID, events[0].Epoch, store.WaitsFor+"taskcluster is away: queue.task answered 503", time.Minute); err != nil {
		t.Fatal(err)
	}
	got, err := (&Desk{Store: s}).Status(t.Context())
	want := "taskcluster is away; events that wait for it: 1, the oldest since " + events[0].Received.UTC().Format("2006-01-02 15:04:05Z")
	if err != nil || len(got.Degraded) != 1 || got.Degraded[0] != want {
		t.Errorf("degraded is %q, %v; want %q", got.Degraded, err, want)
	}
}

func TestClientApproves(t *testing.T) {
	near, far := nearAndFar(t)
	ctx := t.Context()
	if err := far.ApproveAction(ctx, "action", "ann"); err == nil || !strings.Contains(err.Error(), "it is pending") {
		t.Errorf("what nobody has to approve: %v", err)
	}
	err := near.Store.(*store.Store).AddActions(ctx, []store.Action{{
		ID: "waits000000000000000000000", EventID: "e", Team: "graphics", Rule: "tag", Key: "a", Kind: "comment", Lane: "main~7", State: store.ActionWaiting,
		Approve: "operators", ArgsVersion: 1, Args: []byte("{}"),
	}})
	if err := errors.Join(err, far.ApproveAction(ctx, "waits", "ann")); err != nil {
		t.Fatal(err)
	}
	if a, err := far.Action(ctx, "waits"); err != nil || a.State != "pending" || a.Approve != "operators" || a.ApprovedBy != "ann" || a.Approved.IsZero() {
		t.Errorf("approved: %+v, %v", a, err)
	}
}

func TestClientGivesBackWhatAnErrorMeans(t *testing.T) {
	_, far := nearAndFar(t)
	ctx := t.Context()
	_, missing := far.Event(ctx, "nothing")
	_, shown := far.Action(ctx, "nothing")
	_, unheld := far.Hold(ctx, Hold{Scope: "everything"})
	_, unheard := far.Change(ctx, "main", 8)
	for name, c := range map[string]struct{ got, want error }{
		"event":   {missing, store.ErrNotFound},
		"action":  {shown, store.ErrNotFound},
		"change":  {unheard, store.ErrNotFound},
		"retry":   {far.RetryEvent(ctx, "nothing"), store.ErrNotFound},
		"scope":   {unheld, ErrUsage},
		"release": {far.Release(ctx, "all"), store.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	if err := far.RetryEvent(ctx, "wanted"); err == nil || errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "decided") {
		t.Errorf("retry of a decided event: %v", err)
	}
}

func TestSocketIsForThisUserAlone(t *testing.T) {
	socket := serve(t, &Desk{Store: newStore(t)})
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("its permissions are %o", got)
	}
	entries, err := os.ReadDir(filepath.Dir(socket))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside it are %v, %v", entries, err)
	}
}

func TestListenReplacesADeadSocketAndRefusesALiveOne(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "admin.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	if _, err := Dial(t.Context(), socket); !Absent(err) {
		t.Errorf("a dead socket: %v", err)
	}
	live, err := Listen(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if _, err := Listen(t.Context(), socket); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

func TestListenSaysWhatToDoWhereItMayNot(t *testing.T) {
	if _, err := Listen(t.Context(), "/proc/verdict/admin.sock"); err == nil || !strings.Contains(err.Error(), "set admin.socket") {
		t.Errorf("got %v", err)
	}
}

func TestCheckScope(t *testing.T) {
	for scope, ok := range map[string]bool{
		"all": true, "team:graphics": true, "rule:graphics/shader-task": true, "server:main": true,
		"": false, "team:": false, "rule:graphics": false, "rule:graphics/": false, "graphics": false, "all ": false, "team:a/b": false,
	} {
		if got := CheckScope(scope) == nil; got != ok {
			t.Errorf("%q: got %t, want %t", scope, got, ok)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("state=parked&limit=3&newest=1&since=2026-01-31T08:00:00.000000005Z")
	f.Add("limit=-1")
	f.Add("looked=1&task=XyZ")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		filter, err := filterOf(q)
		if err != nil {
			return
		}
		again, err := filterOf(queryOf(filter))
		if err != nil || !again.Since.Equal(filter.Since) {
			t.Fatalf("%+v became %+v, %v", filter, again, err)
		}
		if again.Since = filter.Since; again != filter {
			t.Errorf("%+v became %+v", filter, again)
		}
	})
}

func TestAnActionOfTheBotItselfNamesNoRule(t *testing.T) {
	for want, a := range map[string]store.Action{"": {}, "graphics": {Team: "graphics"}, "graphics/tag": {Team: "graphics", Rule: "tag"}} {
		if got := viewAction(a).Rule; got != want {
			t.Errorf("the rule of %+v is %q, want %q", a, got, want)
		}
	}
}
