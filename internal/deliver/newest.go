package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"verdict/internal/store"
	"verdict/taskcluster"
)

// errOlder says that the rules of this run forbid what newer ones, of another replica, may have decided.
var errOlder = errors.New("left to the replicas that are on newer rules than this one")

// newest tells whether the rules of this run are the newest in force. Only those say that a rule or a grant is gone:
// what an older set doesn't know may have come since.
func (r *laneRun) newest(ctx context.Context) (bool, error) {
	if r.d.Newest == nil {
		return true, nil
	}
	return r.d.Newest(ctx, r.set)
}

// forbid gives the outcomes of actions that the rules of this run forbid; those of a set that isn't the newest are none:
// whoever claims the lane in a moment looks again. The actions were read before it is asked for the newest set, so one
// that it is asked about was decided by that or an older one.
func (r *laneRun) forbid(ctx context.Context, forbidden []store.Outcome) ([]store.Outcome, error) {
	if len(forbidden) == 0 {
		return nil, nil
	}
	newest, err := r.newest(ctx)
	if err != nil || newest {
		return forbidden, err
	}
	for i, o := range forbidden {
		forbidden[i] = store.Outcome{ActionID: o.ActionID, State: store.ActionRetrying, Reason: fmt.Sprintf("%v; here: %s", errOlder, o.Reason), RetryIn: r.leave(o.ActionID)}
	}
	return forbidden, nil
}

// leave is after how long an action that is left to others is looked at again: at first as soon as a replica has a
// published set.
func (r *laneRun) leave(id string) time.Duration {
	for _, a := range r.open {
		if a.ID == id {
			return min(max(r.now().Sub(a.Created)/4, 2*time.Second), 30*time.Second)
		}
	}
	return 2 * time.Second
}

// leaveChange leaves what is to be done on the change to others.
func (r *laneRun) leaveChange(ctx context.Context) error {
	var outcomes []store.Outcome
	for _, w := range r.onChange() {
		outcomes = append(outcomes, store.Outcome{ActionID: w.ID, State: store.ActionRetrying, Reason: errOlder.Error(), RetryIn: r.leave(w.ID)})
	}
	return r.finish(ctx, outcomes, store.Effects{})
}

// unlessOlder makes a refusal by the team's grant one that may be over soon, where others have newer grants.
func (r *laneRun) unlessOlder(ctx context.Context, refused error) error {
	if !byGrant(refused) {
		return refused
	}
	newest, err := r.newest(ctx)
	if err != nil || newest {
		return errors.Join(err, refused)
	}
	return fmt.Errorf("%w; here: %v", errOlder, refused)
}

// byGrant tells whether another grant could have allowed it.
func byGrant(err error) bool {
	var missing *missingScopesError
	var untrusted *untrustedError
	var tooMany *tooManyScopesError
	var waits *waitsError
	return errors.As(err, &missing) || errors.As(err, &untrusted) || errors.As(err, &tooMany) || errors.As(err, &waits) || errors.Is(err, taskcluster.ErrScopes)
}
