package sandbox

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/facts"
	"verdict/internal/schedule"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/rules/yamlfile"
)

// tick has the clock tick for the rules on an expression: at the time that the step says, else at the last that there
// was, and at the next one when it has ticked before.
func (w *bench) tick(ctx context.Context, step ruletest.CronStep) error {
	var known []string
	ticked := false
	for _, t := range w.set.Ticks() {
		if known = append(known, t.Cron); !strings.EqualFold(t.Cron, strings.Join(strings.Fields(step.Cron), " ")) {
			continue
		}
		at, err := w.tickTime(t, step.At)
		if err != nil {
			return err
		}
		w.finder.finds = step.Found == nil || *step.Found
		if err := w.inbox.AcceptTick(ctx, t, at); err != nil {
			return err
		}
		w.ticked[t.Name()], ticked = at, true
	}
	switch {
	case ticked:
		return nil
	case len(known) == 0:
		return wrong("no rule is on cron")
	}
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	return wrong("no rule is on cron %q; %s", step.Cron, yamlfile.DidYouMean(step.Cron, known))
}

func (w *bench) tickTime(t rules.Tick, said time.Time) (time.Time, error) {
	if !said.IsZero() {
		return said, nil
	}
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("tick %s: %w", t.Name(), err)
	}
	when, err := schedule.Parse(t.Cron, zone)
	if err != nil {
		return time.Time{}, err
	}
	if before, ok := w.ticked[t.Name()]; ok {
		return when.Next(before), nil
	}
	now := time.Now()
	return when.Latest(now.AddDate(-8, 0, 0), now), nil // the 29th of February comes every eight years at least
}

// finder is a Gerrit where each query finds the change of the test, or nothing, as the step says. What the words of a
// query mean is not what a test of rules is about.
type finder struct {
	facts.Gerrit
	change func(ctx context.Context) (*gerrit.ChangeInfo, error)
	finds  bool
}

// AllChanges implements facts.Gerrit.
func (f *finder) AllChanges(ctx context.Context, _ string, _ gerrit.QueryChangesOpt) iter.Seq2[*gerrit.ChangeInfo, error] {
	return func(yield func(*gerrit.ChangeInfo, error) bool) {
		if f.finds {
			yield(f.change(ctx))
		}
	}
}
