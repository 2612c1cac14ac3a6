// Package problems tells people what they have to mend, once a problem and day.
//
// A problem is a team's, or nobody's, and has a name that stays the same while it lasts: broken rules, a rule that a
// guard stopped, a field that could not be worked out. The store keeps it, so that restarts and replicas don't repeat
// it; what is told is a line in the log, with the team's contact and what to do, and bot status lists what is current.
// It writes the table problems, through internal/store. Whoever meets a problem calls it.
package problems

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/store"
)

// Problem is something to mend. Two of one team and name are the same.
type Problem struct {
	// Team is whose it is; empty: the administrators'.
	Team string
	// Name says what it is, always in the same words: "rules are broken", "rule pings is held".
	Name string
	// Said is what happened this time, Remedy what to do about it.
	Said, Remedy string
}

// Store is what telling needs of internal/store.
type Store interface {
	NoteProblem(ctx context.Context, p store.Problem, times int) (tell bool, err error)
	EndProblem(ctx context.Context, team, name string) error
}

// Teller tells problems. Its fields are set once; it is safe for concurrent use.
type Teller struct {
	Store Store
	// Contact gives a team's address in teams.yaml, or "".
	Contact func(team string) string
	Log     zerolog.Logger
	// Now is time.Now where it is nil.
	Now func() time.Time

	mu  sync.Mutex
	met map[[2]string]*meeting
}

// meeting is what this process knows of a problem since it last wrote it.
type meeting struct {
	written time.Time
	times   int
}

const (
	// seldom is how often a problem is written at most: one in every event of a busy hour must not cost a write each.
	seldom = 10 * time.Second
	// mostMet bounds what is remembered for that; beyond it all is written.
	mostMet = 10_000
)

// Tell keeps a problem, and tells it if nobody did today. What can't be kept is logged: the one who met it goes on.
func (t *Teller) Tell(ctx context.Context, p Problem) {
	if times := t.due(p); times > 0 {
		t.note(ctx, p, times)
	}
}

// Still says that a problem which was told goes on: it is told again on another day, and not counted.
func (t *Teller) Still(ctx context.Context, p Problem) { t.note(ctx, p, 0) }

func (t *Teller) note(ctx context.Context, p Problem, times int) {
	tell, err := t.Store.NoteProblem(context.WithoutCancel(ctx), store.Problem{Team: p.Team, Name: p.Name, Said: p.Said, Remedy: p.Remedy}, times)
	if err != nil {
		t.Log.Error().Err(err).Str("team", p.Team).Str("problem", p.Name).Str("said", p.Said).Msg("a problem could not be kept")
		t.again(p, times)
		return
	}
	if !tell {
		return
	}
	line := t.Log.Warn().Str("team", p.Team)
	if contact := t.contact(p.Team); contact != "" {
		line = line.Str("contact", contact)
	}
	line.Str("problem", p.Name).Str("said", p.Said).Str("do", p.Remedy).Msg("somebody has to mend this")
}

// Over says that a problem is mended.
func (t *Teller) Over(ctx context.Context, team, name string) {
	t.mu.Lock()
	delete(t.met, [2]string{team, name})
	t.mu.Unlock()
	if err := t.Store.EndProblem(context.WithoutCancel(ctx), team, name); err != nil {
		t.Log.Error().Err(err).Msg("the end of a problem could not be kept; it is listed for a day")
	}
}

// due counts a meeting, and gives how many there are to write: none while the last were written a moment ago.
func (t *Teller) due(p Problem) int {
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [2]string{p.Team, p.Name}
	m := t.met[key]
	if m == nil {
		if t.met == nil || len(t.met) >= mostMet {
			t.met = map[[2]string]*meeting{}
		}
		m = &meeting{}
		t.met[key] = m
	}
	m.times++
	if !m.written.IsZero() && now().Sub(m.written) < seldom {
		return 0
	}
	times := m.times
	m.written, m.times = now(), 0
	return times
}

// again has meetings written next time that could not be now.
func (t *Teller) again(p Problem, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.met[[2]string{p.Team, p.Name}]; m != nil {
		m.written, m.times = time.Time{}, m.times+times
	}
}

func (t *Teller) contact(team string) string {
	if team == "" || t.Contact == nil {
		return ""
	}
	return t.Contact(team)
}
