package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/ruleset"
	"verdict/internal/decide"
	"verdict/internal/schedule"
	"verdict/internal/store"
	"verdict/rules"
)

// ticks makes events of the clock, for the rules on cron. Every replica does, by the database's clock: a tick is known
// by what ticks and its time, so that it is stored once. At the start the latest one of each that was missed is made up
// for, if it isn't older than maxAge and than the rules.
type ticks struct {
	active func() *ruleset.Active
	now    func(ctx context.Context) (time.Time, error)
	accept func(ctx context.Context, t rules.Tick, scheduled time.Time) error
	maxAge time.Duration
	log    zerolog.Logger

	// until is up to when each tick was looked at, by its name, and last is the last look; zero before the first.
	until map[string]time.Time
	last  time.Time
}

// lookForTicks is how often it is looked at least: rules, and so what ticks, may change.
const lookForTicks = 5 * time.Second

// run looks for ticks until ctx ends. What can't be stored is tried again: until it is, the time isn't passed.
func (t *ticks) run(ctx context.Context) error {
	said := ""
	for {
		wait, err := t.look(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != said {
			t.log.Warn().Err(err).Msg("ticks could not be stored; they are tried again")
		}
		if said = ""; err != nil {
			said, wait = err.Error(), time.Second
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// look stores what ticked since the last look, and tells when to look next.
func (t *ticks) look(ctx context.Context) (wait time.Duration, err error) {
	now, err := t.now(ctx)
	if err != nil {
		return 0, err
	}
	active, wait := t.active(), lookForTicks
	all := active.Set.Ticks()
	until := make(map[string]time.Time, len(all))
	var errs []error
	for _, tick := range all {
		name := tick.Name()
		since := t.since(active, tick, now)
		next, err := t.tick(ctx, tick, since, now)
		if until[name] = now; err != nil {
			until[name] = since
			errs = append(errs, fmt.Errorf("tick %s: %w", name, err))
		}
		wait = min(wait, next)
	}
	t.until, t.last = until, now
	return max(wait, 10*time.Millisecond), errors.Join(errs...)
}

// tick stores the last one since a time, if there was any, and tells how long it is to the next.
func (t *ticks) tick(ctx context.Context, tick rules.Tick, since, now time.Time) (next time.Duration, err error) {
	zone, err := time.LoadLocation(tick.Zone)
	if err != nil {
		return lookForTicks, err
	}
	when, err := schedule.Parse(tick.Cron, zone)
	if err != nil {
		return lookForTicks, err
	}
	if at := when.Latest(since, now); !at.IsZero() {
		if err := t.accept(ctx, tick, at); err != nil {
			return lookForTicks, err
		}
	}
	return when.Next(now).Sub(now), nil
}

// since is from when on a tick is looked for: its last look. One that is new while the process runs wasn't in force
// before the look before; at the start it is as far back as anybody would answer.
func (t *ticks) since(active *ruleset.Active, tick rules.Tick, now time.Time) time.Time {
	if since, known := t.until[tick.Name()]; known {
		return since
	}
	if !t.last.IsZero() {
		return t.last
	}
	begin := now
	for _, r := range active.Set.Rules() {
		for _, on := range r.On {
			if on.Source != "cron" || on.Tick != tick {
				continue
			}
			if b, ok := active.Begins[decide.BeginOf(r, on, "")]; ok && b.Before(begin) {
				begin = b
			}
		}
	}
	if oldest := now.Add(-t.maxAge); begin.Before(oldest) {
		return oldest
	}
	return begin.Add(-time.Nanosecond) // one at the very beginning counts
}

// ticksOf are those of a bot.
func ticksOf(b *bot, s *store.Store) *ticks {
	return &ticks{active: b.rules.Active, now: s.Now, accept: b.inbox.AcceptTick, maxAge: b.decider.MaxAge, log: b.log}
}
