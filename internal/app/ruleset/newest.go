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
	if now == nil || now.Set != set || !now.whole() {
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

// whole tells whether a set is the very one that was published: a replica of another release may read fewer rules of the
// same files.
func (a *Active) whole() bool {
	published, err := ReportOf(a.Published)
	return err == nil && a.Set.Hash() == a.Published.Hash && len(a.Set.Rules()) >= published.Rules
}
