package ruleset

import (
	"context"
	"time"

	"verdict/rules"
)

// PresumedDead is after how long a silent replica no longer counts: one on a newer folder doesn't speak for it then.
const PresumedDead = 35 * time.Second

// Newest tells whether a set that was in force here is the newest in force anywhere, so that a rule which it doesn't
// have is gone. Where rules are published for all, or pinned, that is what all are to be on; where each process has a
// folder of its own, what was loaded last by a process that lives.
func (l *Loader) Newest(ctx context.Context, set *rules.Set) (bool, error) {
	now := l.Active()
	if now == nil || now.Set != set || !now.whole {
		return false, nil
	}
	from, err := l.Store.RuleSource(ctx)
	if err != nil {
		return false, err
	}
	if want := l.wanted(from); want != 0 {
		return now.Published.Seq == want, nil
	}
	if now.Pin.Seq != 0 {
		return false, nil // the pin is released: the folders count again
	}
	newer, err := l.Store.NewerLives(ctx, set.Hash(), PresumedDead)
	return !newer, err
}

// Ahead tells whether a process lives that is on the newest set in force, which one that was in force here isn't.
func (l *Loader) Ahead(ctx context.Context, set *rules.Set) (bool, error) {
	newest, err := l.Newest(ctx, set)
	if err != nil || newest {
		return false, err
	}
	from, err := l.Store.RuleSource(ctx)
	if err != nil {
		return false, err
	}
	if want := l.wanted(from); want != 0 {
		return l.Store.PublishedLives(ctx, want, PresumedDead)
	}
	return l.Store.NewerLives(ctx, l.Active().Name(), PresumedDead)
}

// Name is what others are told that a process is on: the set's hash, and another word where it reads less than was
// published by that.
func (a *Active) Name() string {
	if a.whole {
		return a.Set.Hash()
	}
	return a.Set.Hash() + " in part"
}

// isWhole tells whether a set is the very one that was published: a replica of another release may read fewer rules of the
// same files.
func isWhole(a *Active) bool {
	published, err := ReportOf(a.Published)
	return err == nil && a.Set.Hash() == a.Published.Hash && len(a.Set.Rules()) >= published.Rules
}
