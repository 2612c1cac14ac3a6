package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// laneRun is one claim of a lane.
type laneRun struct {
	d        *Deliverer
	lane     *store.Lane
	claimed  time.Time       // by this process's monotonic clock
	stopping context.Context // ended: begin nothing new

	set     *rules.Set
	holds   []store.Hold
	open    []store.Action // all that are in the lane
	pending []work
}

// work is an action that is to be done in this run, with what its row says.
type work struct {
	store.Action
	args Args
}

// passes bounds how often one claim looks at a change: each pass after the first is there because the one before
// posted something, and Gerrit may have moved meanwhile.
const passes = 5

// work does what is due in the lane. It answers when the lane is next due: below zero, as its actions say.
func (r *laneRun) work(ctx context.Context) (next time.Duration, err error) {
	for range passes {
		wait, err := r.load(ctx)
		if err != nil || wait > 0 {
			return wait, err
		}
		if err := r.takeTurns(ctx); err != nil {
			return 0, err
		}
		if len(r.pending) == 0 || r.stopping.Err() != nil {
			return -1, nil
		}
		again, err := r.pass(ctx)
		if errors.Is(err, store.ErrGuarded) {
			continue // what is held, or waits, is written: the others go on
		}
		if err != nil {
			return 0, err
		}
		if !again {
			return -1, nil
		}
	}
	return -1, nil
}

// pass does what is in hand. It answers true when the change is worth another look.
func (r *laneRun) pass(ctx context.Context) (again bool, err error) {
	if err := r.createTasks(ctx); err != nil {
		return false, err
	}
	if err := r.steps(ctx); err != nil {
		return false, err
	}
	if err := r.calls(ctx); err != nil {
		return false, err
	}
	return r.reconcile(ctx)
}

// load reads the lane's actions and sorts out what must not be done. An attempt that a dead replica began is
// left alone until its requests have ended: the wait is until then.
func (r *laneRun) load(ctx context.Context) (wait time.Duration, err error) {
	actions, err := r.d.Store.LaneActions(ctx, *r.lane)
	if err != nil {
		return 0, err
	}
	if r.holds, err = r.d.Store.Holds(ctx); err != nil {
		return 0, err
	}
	r.set, r.open, r.pending = r.d.Rules(), actions, r.pending[:0]
	now := r.now()
	var sortedOut, forbidden []store.Outcome
	for _, a := range actions {
		if a.State == store.ActionRunning && a.Deadline.After(now) {
			return a.Deadline.Sub(now), nil
		}
		if a.State == store.ActionHeld || a.State == store.ActionRetrying && a.Due.After(now) {
			continue
		}
		args, err := argsOf(a)
		if err != nil {
			sortedOut = append(sortedOut, outcome(a, store.ActionDead, err.Error()))
			continue
		}
		if scope := r.heldBy(a); scope != "" {
			sortedOut = append(sortedOut, outcome(a, store.ActionHeld, "held: "+scope))
			continue
		}
		if o, ok := r.forbidden(a, args); ok {
			forbidden = append(forbidden, o)
			continue
		}
		r.pending = append(r.pending, work{Action: a, args: args})
	}
	if forbidden, err = r.forbid(ctx, forbidden); err != nil {
		return 0, err
	}
	return 0, r.finish(ctx, append(sortedOut, forbidden...), store.Effects{})
}

// now is the database's clock.
func (r *laneRun) now() time.Time { return r.lane.Now.Add(time.Since(r.claimed)) }

// renew makes sure that the lease outlasts one more request.
func (r *laneRun) renew(ctx context.Context) error {
	if r.lane.Until.Sub(r.now()) > r.d.Lease/2 {
		return nil
	}
	if err := r.d.Store.RenewLane(ctx, r.lane, r.d.Lease); err != nil {
		return fmt.Errorf("renew the lease of %s: %w", r.lane.ID, err)
	}
	r.claimed = time.Now()
	return nil
}

// attempt writes that the actions are running, and then makes the one call. What the call's failure means is
// the caller's to say.
func (r *laneRun) attempt(ctx context.Context, starts []store.Start, call func(context.Context) error) error {
	if err := r.renew(ctx); err != nil {
		return err
	}
	for i := range starts {
		starts[i].Timeout = r.d.Timeout
	}
	if len(starts) > 0 {
		r.limited(starts)
		if err := r.d.Store.StartActions(ctx, *r.lane, starts); err != nil {
			r.guarded(ctx, err)
			return err
		}
	}
	err := func() error {
		ctx, cancel := context.WithTimeout(ctx, r.d.Timeout)
		defer cancel()
		return call(ctx)
	}()
	if !answered(err) {
		return err
	}
	outcomes := make([]store.Outcome, len(starts))
	for i, s := range starts {
		outcomes[i] = store.Outcome{ActionID: s.ActionID, State: store.ActionRetrying, Reason: err.Error(), RetryIn: time.Second}
	}
	return errors.Join(err, r.finish(ctx, outcomes, store.Effects{}))
}

func (r *laneRun) finish(ctx context.Context, outcomes []store.Outcome, effects store.Effects) error {
	if len(outcomes) == 0 && effects.Empty() {
		return nil
	}
	if err := r.d.Store.FinishActions(ctx, *r.lane, outcomes, effects); err != nil {
		return err
	}
	for _, o := range outcomes {
		r.report(o)
	}
	return nil
}

func (r *laneRun) report(o store.Outcome) {
	log := r.d.Log.Info()
	if o.State == store.ActionDead {
		log = r.d.Log.Error()
	}
	log = log.Str("action", o.ActionID).Str("lane", r.lane.ID).Str("state", string(o.State)).Str("reason", o.Reason)
	i := slices.IndexFunc(r.open, func(a store.Action) bool { return a.ID == o.ActionID })
	if i < 0 {
		log.Msg("action")
		return
	}
	a := r.open[i]
	log = log.Str("rule", a.Team+"/"+a.Rule)
	if o.State == store.ActionDead {
		log = log.Str("contact", r.contact(a.Team))
	}
	log.Msg("action")
	if r.d.Delivered != nil {
		r.d.Delivered(a, o)
	}
}

// contact is whom to ask about a team's rules; "" where nobody is named.
func (r *laneRun) contact(team string) string {
	t, ok := r.set.Team(team)
	if !ok {
		return ""
	}
	return t.Email
}

// forbidden looks again at what may have changed in the rules since the decision: the rule's mode, the team's grant.
func (r *laneRun) forbidden(a store.Action, args Args) (store.Outcome, bool) {
	if a.Kind == KindReconcile {
		return store.Outcome{}, false
	}
	rule := r.set.Rule(a.Team, a.Rule)
	if rule == nil || rule.Mode != rules.Live {
		return outcome(a, store.ActionCancelled, fmt.Sprintf("rule %s/%s is no longer live", a.Team, a.Rule)), true
	}
	team, ok := r.set.Team(a.Team)
	if !ok {
		return outcome(a, store.ActionCancelled, fmt.Sprintf("team %s is gone from teams.yaml", a.Team)), true
	}
	if err := granted(team, a, args); err != nil {
		return outcome(a, store.ActionDead, err.Error()), true
	}
	return store.Outcome{}, false
}

func granted(team *rules.Team, a store.Action, args Args) error {
	switch a.Kind {
	case KindVote, KindReport:
		var refused []error
		if a.Kind == KindReport {
			refused = append(refused, team.MayDo(a.Server, a.Project, a.Branch, KindComment))
		}
		for label, value := range args.Labels {
			refused = append(refused, team.MayVote(a.Server, a.Project, a.Branch, label, value))
		}
		return errors.Join(refused...)
	case KindHashtags:
		var refused []error
		for _, tag := range append(append([]string{}, args.Add...), args.Remove...) {
			refused = append(refused, team.MayHashtag(a.Server, a.Project, a.Branch, tag))
		}
		return errors.Join(refused...)
	case KindTask, KindRerun, KindCancel, KindHook, KindCall:
		return nil // a task's grant is its scopes
	}
	return team.MayDo(a.Server, a.Project, a.Branch, a.Kind) // the kinds on Gerrit are the words of the grant
}

func (r *laneRun) heldBy(a store.Action) string {
	if r.d.Hold {
		return "mode hold"
	}
	for _, h := range r.holds {
		switch h.Scope {
		case "all", "team:" + a.Team, "rule:" + a.Team + "/" + a.Rule, "rule:" + a.Team + "/" + r.nameOf(work{Action: a}), "server:" + a.Server:
			return h.Scope
		}
	}
	return ""
}

// nameOf is what an action's rule is called now.
func (r *laneRun) nameOf(w work) string {
	if rule := r.set.Rule(w.Team, w.Rule); rule != nil {
		return rule.Name
	}
	return w.Rule
}

func outcome(a store.Action, state store.ActionState, reason string) store.Outcome {
	return store.Outcome{ActionID: a.ID, State: state, Reason: strings.TrimSpace(reason)}
}

func retry(a store.Action, err error) store.Outcome {
	o := outcome(a, store.ActionRetrying, err.Error())
	o.RetryIn = backoff(a.Attempts + 1)
	return o
}
