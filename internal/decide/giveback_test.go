package decide

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/store"
)

// given is a store that keeps how events were given back.
type given struct {
	Store
	postponed, returned []time.Duration
	finished            []store.Verdict
}

func (s *given) PostponeEvent(_ context.Context, _ string, _ int64, _ string, in time.Duration) error {
	s.postponed = append(s.postponed, in)
	return nil
}

func (s *given) ReturnEvent(_ context.Context, _ string, _ int64, _ string, in time.Duration) error {
	s.returned = append(s.returned, in)
	return nil
}

func (s *given) FinishEvents(_ context.Context, verdicts []store.Verdict) error {
	s.finished = append(s.finished, verdicts...)
	return nil
}

func ofTask(word string, attempts int) store.Event {
	body, _ := json.Marshal(Derived{TaskID: "T", GroupID: "G", Run: 1, State: word, Event: json.RawMessage(`{}`)})
	return store.Event{ID: "e", Source: "task", Type: word, TaskID: "T", GroupID: "G", BodyVersion: 1, Body: body, Attempts: attempts}
}

func TestWaitingIsNoAttempt(t *testing.T) {
	s := &given{}
	d := &Decider{Store: s, Log: zerolog.Nop()}
	ctx, stop := context.WithCancel(t.Context())
	for range 3 {
		if err := d.giveBack(ctx, ofTask("settled", patience), &waitsError{"a rerun is undelivered", 7 * time.Second}); err != nil {
			t.Fatal(err)
		}
	}
	stop() // what there is no time for
	if err := d.giveBack(ctx, ofTask("settled", patience), errors.New("cut short")); err != nil {
		t.Fatal(err)
	}
	if len(s.returned) != 4 || s.returned[0] != 7*time.Second || len(s.postponed)+len(s.finished) > 0 {
		t.Errorf("returned %v, postponed %v, finished %+v; want it returned each time", s.returned, s.postponed, s.finished)
	}
}

func TestAnEventThatWaitsIsLookedAtLessOften(t *testing.T) {
	w := newWatcher(t, onGroups+"  - name: again\n    on: {task: failed}\n    do: [{rerun: {}}]\n")
	w.Store = undecided{w.Store}
	for waited, want := range map[time.Duration]time.Duration{0: time.Second, 20 * time.Second: 5 * time.Second, time.Hour: 30 * time.Second} {
		ev := store.Event{ID: "e", Source: "group", Type: "settled", GroupID: "g", BodyVersion: 1, Body: []byte(`{"groupId":"g","event":{}}`), Received: w.now.Add(-waited)}
		_, err := w.decide(t.Context(), ev, w.now)
		var waits *waitsError
		if !errors.As(err, &waits) || waits.wait != want {
			t.Errorf("after %s: %v, want a wait of %s", waited, err, want)
		}
	}
}

type undecided struct{ Store }

func (undecided) Undecided(context.Context, string) (bool, error) { return true, nil }

func TestAParkedRunKeepsNobodyFromLookingWhatItsTaskCameTo(t *testing.T) {
	for name, c := range map[string]struct {
		ev           store.Event
		err          error
		state        store.EventState // "": it is tried again
		looksAtOther bool
	}{
		"a run, in vain":            {ofTask("failed", patience), errors.New("Gerrit is away"), store.EventParked, true},
		"a run":                     {ofTask("failed", patience-1), errors.New("Gerrit is away"), "", false},
		"what settled, in vain":     {ofTask("settled", patience), errors.New("Gerrit is away"), store.EventParked, false},
		"a look, in vain":           {ofTask(Look, 10*patience), errors.New("Taskcluster is away"), "", false},
		"another source's, in vain": {store.Event{ID: "e", Source: "gerrit", Type: "change-merged", BodyVersion: 1, Body: []byte(`{}`), Attempts: patience}, errors.New("Gerrit is away"), store.EventParked, false},
		"unreadable":                {store.Event{ID: "e", Source: "task", Type: "failed", BodyVersion: 9}, &unreadableError{errors.New("a later release's")}, store.EventParked, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &given{}
			if err := (&Decider{Store: s, Log: zerolog.Nop()}).giveBack(t.Context(), c.ev, c.err); err != nil {
				t.Fatal(err)
			}
			if c.state == "" {
				if len(s.postponed) != 1 || len(s.finished) != 0 {
					t.Errorf("postponed %v, finished %+v; want it tried again", s.postponed, s.finished)
				}
				return
			}
			if len(s.finished) != 1 || s.finished[0].State != c.state || s.finished[0].Event.Error != c.err.Error() {
				t.Fatalf("finished %+v, want it parked with its reason", s.finished)
			}
			derived := s.finished[0].Derived
			if (len(derived) == 1) != c.looksAtOther || c.looksAtOther && (derived[0].Type != Look || derived[0].TaskID != "T" || derived[0].State != store.EventReceived) {
				t.Errorf("derived %+v", derived)
			}
		})
	}
}
