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
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/problems"
	"verdict/internal/report"
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
	old := 0
	candidates := d.match(active.Set, s.occurrence())
	if err := d.leave(ctx, active, s, candidates, now); err != nil {
		return v, err
	}
	ours := false
	if len(candidates) > 0 {
		if ours, err = d.byUs(ctx, s, session); err != nil {
			return v, err
		}
	}
	for _, ways := range byRule(candidates) {
		rule := ways[0].Rule
		if rule.Mode == rules.Off || !s.isFor(rule) {
			continue
		}
		if ours {
			v.Decisions = append(v.Decisions, stopped(ev, active.Set.Hash(), rule, "on: the bot itself did it", now))
			continue
		}
		if why, err := d.asBefore(ctx, ev, rule); err != nil {
			return v, err
		} else if why != "" {
			v.Decisions = append(v.Decisions, stopped(ev, active.Set.Hash(), rule, why, now))
			continue
		}
		looked, err := d.decideRule(ctx, active, s, session, ways, now, &v)
		if err != nil {
			return v, err
		}
		if looked {
			v.State = store.EventDecided
		} else {
			old++
		}
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

// outcome is what a rule that matched decided, and on what.
type outcome struct {
	made   *rules.Decision
	known  map[string]any
	link   store.Link
	linked bool
	onces  []store.Once
}

// follow turns what a rule decided into actions and opinions of the store. It takes a hand, which a rule in shadow has
// none of.
func (d *Decider) follow(ctx context.Context, s *subject, f *facts.Session, rule *rules.Rule, o outcome, now time.Time, hand *ledger.Hand) error {
	before := len(hand.Acted(0))
	if err := d.write(ctx, s, f, rule, o, now, hand); err != nil {
		return err
	}
	hand.Once(acting(o.onces, hand.Acted(before))...)
	return d.chain(ctx, s, rule, hand.Acted(before), hand)
}

func (d *Decider) write(ctx context.Context, s *subject, f *facts.Session, rule *rules.Rule, o outcome, now time.Time, hand *ledger.Hand) error {
	made, known, link, linked := o.made, o.known, o.link, o.linked
	about, madeAt := aboutOf(s, known)
	for _, o := range made.Opinions {
		if !linked {
			continue
		}
		opinion := opinionOf(o, about, madeAt)
		opinion.Server, opinion.Change, opinion.Patchset, opinion.Revision = link.Server, link.Change, link.Patchset, link.Revision
		opinion.Team, opinion.Rule, opinion.Run, opinion.EventID = rule.Team, rule.Name, runOf(known), s.ID
		hand.Think(opinion)
	}
	for _, act := range made.Actions {
		a := store.Action{
			ID:      ingest.ID("action", s.ID, rule.Team, rule.Name, act.Key),
			EventID: s.ID, Team: rule.Team, Rule: rule.Name, Key: act.Key, Kind: act.Kind, State: store.ActionPending,
			Due:  d.due(act.Kind, now),
			Lane: "group~" + cmp.Or(s.GroupID, s.ID),
		}
		args := deliver.Args{
			Message: act.Message, Notify: notify(act.Notify), Inline: act.Inline, Labels: act.Labels, About: about,
			Add: act.Add, CC: act.CC, Remove: act.Remove, Reason: act.Reason, Topic: act.Topic,
		}
		if args.Report = reportArgs(act, known); args.Report != nil {
			args.Labels = map[string]int{act.Report.Label: act.Report.Value}
		}
		if act.File != nil {
			args.Message, args.Notify = report.BadConfig(act.File.Path, act.File.Line, link.Patchset, act.Message), notify("owner")
		}
		if act.Kind == deliver.KindHashtags {
			args.Add = slices.DeleteFunc(slices.Clone(args.Add), func(tag string) bool { return holdsHashtag(made, tag) }) // the opinions say it
		}
		if linked {
			a.Server, a.Change, a.Patchset, a.Revision = link.Server, link.Change, link.Patchset, link.Revision
			a.Project, a.Branch = link.Project, link.Branch
			a.Lane = fmt.Sprintf("%s~%d", link.Server, link.Change)
			args.Status = statusOf(known)
			args.Before = before(act.Kind, known)
		}
		if act.Approve != "" {
			d.approval(&a, act.Approve, now)
		}
		if act.Kind == deliver.KindRerun || act.Kind == deliver.KindCancel {
			steps, err := d.steps(ctx, s, f, act, link, linked, a, args)
			if err != nil {
				return fmt.Errorf("rule %s/%s: %w", rule.Team, rule.Name, err)
			}
			hand.Act(steps...)
			continue
		}
		if act.Kind == deliver.KindTask {
			task, err := d.task(s, rule, act, known, link, linked)
			if err != nil {
				return fmt.Errorf("rule %s/%s: %w", rule.Team, rule.Name, err)
			}
			args.Task = task
			hand.Link(links(task, link, linked, rule)...)
		} else if act.Call != nil {
			call, err := callOf(act.Call)
			if err != nil {
				return fmt.Errorf("rule %s/%s: %w", rule.Team, rule.Name, err)
			}
			args.Call = call
		} else if !linked {
			a.State, args.Status = store.ActionDead, ""
			a.Reason = "the event belongs to no change: there is nothing to post on"
		}
		var err error
		if a.ArgsVersion, a.Args, err = args.Encode(); err != nil {
			return err
		}
		hand.Act(a)
	}
	return nil
}

// approval has an action wait until somebody approves it, for as long as an event may be answered.
func (d *Decider) approval(a *store.Action, by string, now time.Time) {
	a.State, a.Approve, a.Reason, a.Due = store.ActionWaiting, by, store.ForApproval+by, time.Time{}
	if d.maxAge() < forEver {
		a.Due = now.Add(d.maxAge())
	}
}

// due is when an action is first looked at. A comment waits for neighbours, so its lane is left alone till then.
func (d *Decider) due(kind string, now time.Time) time.Time {
	if kind != deliver.KindComment {
		return time.Time{}
	}
	return now.Add(d.Window)
}

func holdsHashtag(made *rules.Decision, tag string) bool {
	return slices.ContainsFunc(made.Opinions, func(o rules.Opinion) bool {
		return o.Kind == string(store.OpinionHashtag) && o.Target == tag
	})
}

// aboutOf names what an opinion from this event is about, and when that was made: news about the same thing is
// ordered by it.
func aboutOf(s *subject, known map[string]any) (string, time.Time) {
	if s.Source == "group" {
		return "group", timeOf(known, "group", "created")
	}
	if s.TaskID != "" {
		if task, ok := known["task"].(map[string]any); ok {
			name, _ := task["name"].(string)
			return "task:" + name, timeOf(known, "task", "created")
		}
		return "task:" + s.TaskID, s.Time
	}
	if s.change != nil || s.tick != nil {
		return "change", s.Time
	}
	return "change", time.UnixMilli(0)
}

func timeOf(known map[string]any, fact, field string) time.Time {
	if m, ok := known[fact].(map[string]any); ok {
		if t, ok := m[field].(time.Time); ok {
			return t
		}
	}
	return time.UnixMilli(0)
}

func runOf(known map[string]any) int {
	if run, ok := known["run"].(map[string]any); ok {
		if id, ok := run["id"].(int64); ok {
			return int(id)
		}
	}
	return 0
}

func statusOf(known map[string]any) string {
	if change, ok := known["change"].(map[string]any); ok {
		status, _ := change["status"].(string)
		return status
	}
	return ""
}

// before is what the change is while the rule decides, for the actions that make something else of that.
func before(kind string, known map[string]any) *deliver.Before {
	change, ok := known["change"].(map[string]any)
	if !ok || kind != deliver.KindTopic && kind != deliver.KindReady && kind != deliver.KindWIP {
		return nil
	}
	topic, _ := change["topic"].(string)
	wip, _ := change["wip"].(bool)
	return &deliver.Before{Topic: topic, WIP: wip}
}

// notify says a rule's word as Gerrit says it.
func notify(word string) string {
	return map[string]string{"owner": "OWNER", "reviewers": "OWNER_REVIEWERS", "all": "ALL", "nobody": "NONE", "none": "NONE"}[word]
}
