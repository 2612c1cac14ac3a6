package decide

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/store"
	"verdict/rules"
)

// claims is a store in which there are two events.
type claims struct {
	given
	claimed int
}

func (s *claims) WakeGroups(context.Context, int, func(store.GroupState) store.Event) (int, error) {
	return 0, nil
}

func (s *claims) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func (s *claims) ClaimEvents(context.Context, string, int, time.Duration) ([]store.Event, error) {
	s.claimed++
	unreadable := store.Event{ID: "e", Source: "task", Type: "failed", BodyVersion: 9}
	return []store.Event{unreadable, unreadable}, nil
}

func TestWhoIsBehindDecidesNothing(t *testing.T) {
	set, _ := rules.Load(rules.Sources{})
	for name, c := range map[string]struct {
		late                     bool   // at the last look
		ahead                    []bool // at each look
		err                      error
		n, claims, back, decided int
	}{
		"nobody is ahead":             {ahead: []bool{false}, n: 2, claims: 1, decided: 2},
		"nobody is ahead any more":    {late: true, ahead: []bool{false, false}, n: 2, claims: 1, decided: 2},
		"somebody still is":           {late: true, ahead: []bool{true}},
		"somebody is from now on":     {ahead: []bool{true}, claims: 1, back: 2},
		"somebody is again":           {late: true, ahead: []bool{false, true}, claims: 1, back: 2},
		"it can't be told any more":   {err: errors.New("the store is away"), claims: 1, back: 2},
		"it can't be told beforehand": {late: true, err: errors.New("the store is away")},
	} {
		t.Run(name, func(t *testing.T) {
			s := &claims{}
			d := &Decider{Store: s, Log: zerolog.Nop(), Active: func() Active { return Active{Set: set} }}
			d.late.Store(c.late)
			d.Ahead = func(_ context.Context, asked *rules.Set) (bool, error) {
				if asked != set {
					t.Error("asked about another set")
				}
				if len(c.ahead) == 0 {
					return false, c.err
				}
				ahead := c.ahead[0]
				c.ahead = c.ahead[1:]
				return ahead, nil
			}
			behind := c.err != nil || len(c.ahead) > 0 && c.ahead[len(c.ahead)-1]
			n, err := d.Next(t.Context())
			if n != c.n || !errors.Is(err, c.err) || s.claimed != c.claims || len(s.returned) != c.back || len(s.finished) != c.decided {
				t.Errorf("%d events, %v; %d claims, %d given back, %d decided; want %+v", n, err, s.claimed, len(s.returned), len(s.finished), c)
			}
			if len(c.ahead) > 0 || d.late.Load() != behind {
				t.Errorf("%d looks are left, and the next claim waits for one: %t, want %t", len(c.ahead), d.late.Load(), behind)
			}
		})
	}
}
