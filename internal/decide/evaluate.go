package decide

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/decide/ledger"
	"verdict/internal/facts"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// decide works out all that one event leads to. It calls nothing that changes the world.
func (d *Decider) decide(ctx context.Context, ev store.Event, now time.Time) (store.Verdict, error) {
	active := d.Active()
	s, err := d.read(ev)
	if err != nil {
		return store.Verdict{}, err
	}
	if err := d.settling(ctx, active, s, now); err != nil {
		return store.Verdict{}, err
	}
	v := store.Verdict{Event: ev, State: store.EventUnmatched}
	v.Event.SetHash, v.Event.Error = active.Set.Hash(), ""
	session := d.Facts.Session(s.about())
	old, err := d.ask(ctx, active, s, session, now, &v)
	if err != nil {
		return v, err
	}
	if err := d.answer(active, s, now, &v); err != nil {
		return v, err
	}
	derived, err := d.derive(ctx, active, s, session, now, &v)
	if err != nil {
		return v, err
	}
	v.Heard = append(v.Heard, d.made(active, v.Links)...)
	found, err := s.foundEvents()
	if err != nil {
		return v, err
	}
	v.Derived = append(v.Derived, found...)
	if err := d.settled(ctx, active, s, session, &v); err != nil {
		return v, err
	}
	if err := d.renewOpinions(ctx, active, s, session, &v, now); err != nil {
		return v, err
	}
	switch {
	case v.Event.Error != "":
		v.State = store.EventParked // what the other rules decided stands; bot events retry
	case v.State == store.EventDecided:
	case derived || len(v.Actions) > 0:
		v.State = store.EventDecided
	case old > 0:
		v.State = store.EventTooOld
		v.Decisions = nil // the state says it of every rule
	}
	for i := range v.Decisions {
		v.Decisions[i].Commit = active.Commit
	}
	return v, nil
}

// ask has every rule look that the event may concern. It tells for how many the event is too old.
func (d *Decider) ask(ctx context.Context, active Active, s *subject, f *facts.Session, now time.Time, v *store.Verdict) (old int, err error) {
	candidates := d.match(active.Set, s.occurrence())
	ours := false
	if len(candidates) > 0 {
		if ours, err = d.byUs(ctx, s, f); err != nil {
			return 0, err
		}
	}
	for _, ways := range byRule(candidates) {
		rule := ways[0].Rule
		if rule.Mode == rules.Off || !s.isFor(rule) {
			continue
		}
		why := "on: the bot itself did it"
		if !ours {
			if why, err = d.asBefore(ctx, s.Event, rule); err != nil {
				return 0, err
			}
		}
		if why != "" {
			v.Decisions = append(v.Decisions, stopped(s.Event, active.Set.Hash(), rule, why, now))
			continue
		}
		looked, err := d.decideRule(ctx, active, s, f, ways, now, v)
		if err != nil {
			return 0, err
		}
		if looked {
			v.State = store.EventDecided
		} else {
			old++
		}
	}
	return old, nil
}

// asBefore tells that a rule has answered the event already under a name that it had: an event that is decided again. The
// actions of then are known by that name.
func (d *Decider) asBefore(ctx context.Context, ev store.Event, rule *rules.Rule) (why string, err error) {
	if len(rule.Was) == 0 || ev.Epoch <= 1 {
		return "", nil
	}
	made, err := d.Store.Decisions(ctx, ev.ID)
	if err != nil {
		return "", err
	}
	for _, m := range made {
		if m.Team == rule.Team && slices.Contains(rule.Was, m.Rule) && m.Matched && !m.Shadow {
			return "was: it matched as " + m.Rule, nil
		}
	}
	return "", nil
}

// byRule are the candidates of each rule: the event fits so many of its `on`, as far as the index knows it.
func byRule(candidates []rules.Candidate) [][]rules.Candidate {
	var out [][]rules.Candidate
	for _, c := range candidates {
		at := slices.IndexFunc(out, func(ways []rules.Candidate) bool { return ways[0].Rule == c.Rule })
		if at < 0 {
			out = append(out, nil)
			at = len(out) - 1
		}
		out[at] = append(out[at], c)
	}
	return out
}

// decideRule decides by the first `on` of a rule that the event fits indeed, by its change, its files, and who asks. Where
// none does, it is the first that says why. It tells whether the rule was looked at: the event isn't too old for it.
func (d *Decider) decideRule(ctx context.Context, active Active, s *subject, f *facts.Session, ways []rules.Candidate, now time.Time, v *store.Verdict) (looked bool, err error) {
	look := d.evaluate
	if s.asksQuery() {
		look = d.find
	}
	before := len(v.Decisions)
	var refusals []store.Decision
	for _, c := range ways {
		v.Decisions = v.Decisions[:before]
		if why := d.tooOld(active, s, c, now); why != "" {
			refusals = append(refusals, stopped(s.Event, active.Set.Hash(), c.Rule, "begin: "+why, now))
			continue
		}
		looked = true
		witness, hand := ledger.New(v).For(c.Rule, d.Shadow)
		out, err := look(ctx, active, s, f, c, now, witness)
		if err != nil {
			return false, err
		}
		if out != nil && hand != nil { // in shadow there is none
			return true, d.follow(ctx, s, f, c.Rule, *out, now, hand)
		}
		if len(v.Decisions) == before || !stoppedAtOn(v.Decisions[before]) {
			return true, nil
		}
		refusals = append(refusals, v.Decisions[before])
	}
	v.Decisions = append(v.Decisions[:before], refusals[0])
	return looked, nil
}

// stoppedAtOn says that the event turned out not to fit the `on` by which the rule looked at it.
func stoppedAtOn(d store.Decision) bool {
	return strings.HasPrefix(d.Stopped, "on:") || strings.HasPrefix(d.Stopped, "on.")
}

func (d *Decider) evaluate(ctx context.Context, active Active, s *subject, f *facts.Session, c rules.Candidate, now time.Time, w ledger.Witness) (*outcome, error) {
	rule := c.Rule
	team, _ := active.Set.Team(rule.Team)
	link, linked, err := d.link(ctx, s, f, team)
	if err != nil {
		return nil, err
	}
	trigger, unlinked := rule.On[c.On], ""
	if !linked && trigger.SaysChange() {
		if link, unlinked, err = d.saidByRule(ctx, s, f, c, team); err != nil {
			return nil, err
		}
		linked = unlinked == ""
	}
	if linked {
		w.Belongs(fmt.Sprintf("%s~%d", link.Server, link.Change))
	}
	if s.change == nil && !trigger.Covers(link.Server, link.Project, link.Branch) {
		w.Decided(stopped(s.Event, active.Set.Hash(), rule, where(link, linked, unlinked), now))
		return nil, nil
	}
	needs := fetched(rule.Needs())
	if linked {
		needs = append(needs, "change") // its status, for staleness
	}
	known, err := f.Fetch(ctx, link, linked, needs)
	var missing *facts.MissingError
	if errors.As(err, &missing) {
		w.Decided(stopped(s.Event, active.Set.Hash(), rule, because(missing.Error(), unlinked), now))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if route := trigger.Route(s.routes()); route != nil && slices.Contains(rule.Needs(), "route") {
		known["route"] = route
	}
	why, err := d.superseded(ctx, s, f)
	if err != nil {
		return nil, err
	}
	if why != "" {
		w.Decided(stopped(s.Event, active.Set.Hash(), rule, why, now))
		return nil, nil
	}
	if why, err := d.mayAsk(ctx, s, f, c, link, known, w.Shadow()); err != nil || why != "" {
		if err != nil {
			return nil, err
		}
		if !w.Shadow() {
			s.unheard.answers = append(s.unheard.answers, rule)
		}
		decision, err := record(s.Event, active.Set.Hash(), rule, &rules.Decision{Stopped: why}, known, w.Shadow(), now)
		w.Decided(decision)
		return nil, err
	}
	s.unheard.heard = s.unheard.heard || !w.Shadow()
	made, err := fetching(ctx, f, rule, team, rules.Input{
		Event: s.payload, Facts: known, Now: s.Time, On: c.On, RootURL: d.Facts.RootURL,
		Slug: func(label string) string { return slugOf(s.ID, rule, label) },
	})
	var unfetched *unfetchedError
	if errors.As(err, &unfetched) {
		return nil, err
	}
	if err != nil {
		return nil, d.failed(ctx, s, rule, active, known, err, now, w)
	}
	if unlinked != "" {
		made.Clauses = append([]rules.Clause{{Text: rules.OnChange, Line: trigger.Line, Value: unlinked}}, made.Clauses...)
	}
	if err := d.sumUp(ctx, active, s, f, rule, made, known, link, linked); err != nil {
		return nil, err
	}
	onces, err := d.once(ctx, s, rule, made, link, linked, now)
	if err != nil {
		return nil, err
	}
	decision, err := record(s.Event, active.Set.Hash(), rule, made, known, w.Shadow(), now)
	if err != nil {
		return nil, err
	}
	w.Decided(decision)
	if !made.Matched {
		return nil, nil
	}
	return &outcome{made, known, link, linked, onces}, nil
}

// failed keeps what went wrong in one rule with that rule: the others of the event, other teams' too, are not
// stopped by it. It is never taken for "does not hold".
func (d *Decider) failed(ctx context.Context, s *subject, rule *rules.Rule, active Active, known map[string]any, cause error, now time.Time, w ledger.Witness) error {
	d.Log.Info().Err(cause).Str("event", s.ID).Str("rule", rule.Team+"/"+rule.Name).Msg("the rule could not be evaluated")
	if d.Tell != nil {
		d.Tell(ctx, unevaluated(s, rule, cause))
	}
	decision, err := record(s.Event, active.Set.Hash(), rule, &rules.Decision{Stopped: "error: " + cause.Error()}, known, false, now)
	if err != nil {
		return err
	}
	w.Decided(decision)
	w.Failed(cause.Error())
	return nil
}

// unevaluated is the problem of a rule that can't be evaluated: one for each field that it stumbles over.
func unevaluated(s *subject, rule *rules.Rule, cause error) problems.Problem {
	at := "an action"
	var failed *rules.EvalError
	if errors.As(cause, &failed) {
		at = cmp.Or(failed.Field, failed.Clause)
	}
	return problems.Problem{
		Team: rule.Team, Name: fmt.Sprintf("rule %s can't be evaluated: %s", rule.Name, at), Said: cause.Error(),
		Remedy: "mend the rule; its events are parked, bot events retry " + s.ID + " decides this one again",
	}
}

// where says why a rule on some projects has no part in an event of a task or group. unlinked is why it belongs to no
// change, where `on` should have said one.
func where(link store.Link, linked bool, unlinked string) string {
	if !linked {
		if unlinked != "" {
			return rules.OnChange + ": the event belongs to no change, since " + unlinked
		}
		return "on: the event belongs to no change"
	}
	return fmt.Sprintf("on: the event belongs to %s %s %s", link.Server, link.Project, link.Branch)
}

func record(ev store.Event, hash string, rule *rules.Rule, made *rules.Decision, known map[string]any, shadow bool, now time.Time) (store.Decision, error) {
	explanation, err := json.Marshal(made)
	if err != nil {
		return store.Decision{}, fmt.Errorf("encode the explanation of %s/%s: %w", rule.Team, rule.Name, err)
	}
	kept, err := json.Marshal(known)
	if err != nil {
		return store.Decision{}, fmt.Errorf("encode the facts of %s/%s: %w", rule.Team, rule.Name, err)
	}
	return store.Decision{
		EventID: ev.ID, Team: rule.Team, Rule: rule.Name, SetHash: hash, Matched: made.Matched, Shadow: shadow,
		Stopped: made.Stopped, Explanation: explanation, Facts: kept, Decided: now,
	}, nil
}

func stopped(ev store.Event, hash string, rule *rules.Rule, why string, now time.Time) store.Decision {
	explanation, _ := json.Marshal(rules.Decision{Stopped: why}) // a struct of strings: cannot fail
	return store.Decision{
		EventID: ev.ID, Team: rule.Team, Rule: rule.Name, SetHash: hash, Stopped: why,
		Explanation: explanation, Facts: []byte("{}"), Decided: now,
	}
}
