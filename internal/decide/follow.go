package decide

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"verdict/internal/decide/ledger"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/report"
	"verdict/internal/store"
	"verdict/rules"
)

// outcome is what a rule that matched decided, and on what.
type outcome struct {
	made   *rules.Decision
	known  map[string]any
	link   store.Link
	linked bool
	onces  []store.Once
}

// follow turns what a rule decided into opinions and actions of the store. It takes a hand, which a rule in shadow has
// none of.
func (d *Decider) follow(ctx context.Context, s *subject, f *facts.Session, rule *rules.Rule, o outcome, now time.Time, hand *ledger.Hand) error {
	if o.linked {
		think(s, rule, o, hand)
	}
	before := len(hand.Acted(0))
	for _, act := range o.made.Actions {
		if err := d.act(ctx, s, f, rule, o, act, now, hand); err != nil {
			return fmt.Errorf("rule %s/%s: %w", rule.Team, rule.Name, err)
		}
	}
	hand.Once(acting(o.onces, hand.Acted(before))...)
	return d.chain(ctx, s, rule, hand.Acted(before), hand)
}

func think(s *subject, rule *rules.Rule, o outcome, hand *ledger.Hand) {
	about, madeAt := aboutOf(s, o.known)
	for _, of := range o.made.Opinions {
		opinion := opinionOf(of, about, madeAt)
		opinion.Server, opinion.Change, opinion.Patchset, opinion.Revision = o.link.Server, o.link.Change, o.link.Patchset, o.link.Revision
		opinion.Team, opinion.Rule, opinion.Run, opinion.EventID = rule.Team, rule.Name, runOf(o.known), s.ID
		hand.Think(opinion)
	}
}

// act writes down one action of a rule: with rerun and cancel one for each task that it comes to.
func (d *Decider) act(ctx context.Context, s *subject, f *facts.Session, rule *rules.Rule, o outcome, act rules.Action, now time.Time, hand *ledger.Hand) error {
	a, args := d.action(s, rule, o, act, now), argsOf(s, o, act)
	switch {
	case act.Kind == deliver.KindRerun || act.Kind == deliver.KindCancel:
		steps, err := d.steps(ctx, s, f, act, o.link, o.linked, a, args)
		if err != nil {
			return err
		}
		hand.Act(steps...)
		return nil
	case act.Kind == deliver.KindTask:
		task, err := d.task(s, rule, act, o.known, o.link, o.linked)
		if err != nil {
			return err
		}
		args.Task = task
		hand.Link(links(task, o.link, o.linked, rule)...)
	case act.Call != nil:
		call, err := callOf(act.Call)
		if err != nil {
			return err
		}
		args.Call = call
	case !o.linked:
		a.State, a.Reason = store.ActionDead, "the event belongs to no change: there is nothing to post on"
	}
	var err error
	if a.ArgsVersion, a.Args, err = args.Encode(); err != nil {
		return err
	}
	hand.Act(a)
	return nil
}

// action is the row of an action, without what its kind needs to know.
func (d *Decider) action(s *subject, rule *rules.Rule, o outcome, act rules.Action, now time.Time) store.Action {
	a := store.Action{
		ID:      ingest.ID("action", s.ID, rule.Team, rule.Name, act.Key),
		EventID: s.ID, Team: rule.Team, Rule: rule.Name, Key: act.Key, Kind: act.Kind, State: store.ActionPending,
		Due:  d.due(act.Kind, now),
		Lane: "group~" + cmp.Or(s.GroupID, s.ID),
	}
	if o.linked {
		a.Server, a.Change, a.Patchset, a.Revision = o.link.Server, o.link.Change, o.link.Patchset, o.link.Revision
		a.Project, a.Branch = o.link.Project, o.link.Branch
		a.Lane = fmt.Sprintf("%s~%d", o.link.Server, o.link.Change)
	}
	if act.Approve != "" {
		d.approval(&a, act.Approve, now)
	}
	return a
}

// argsOf is what an action on a change says and sets there, and what the change was.
func argsOf(s *subject, o outcome, act rules.Action) deliver.Args {
	about, _ := aboutOf(s, o.known)
	args := deliver.Args{
		Message: act.Message, Notify: notify(act.Notify), Inline: act.Inline, Labels: act.Labels, About: about,
		Add: act.Add, CC: act.CC, Remove: act.Remove, Reason: act.Reason, Topic: act.Topic,
	}
	if args.Report = reportArgs(act, o.known); args.Report != nil {
		args.Labels = map[string]int{act.Report.Label: act.Report.Value}
	}
	if act.File != nil {
		args.Message, args.Notify = report.BadConfig(act.File.Path, act.File.Line, o.link.Patchset, act.Message), notify("owner")
	}
	if act.Kind == deliver.KindHashtags {
		args.Add = slices.DeleteFunc(slices.Clone(args.Add), func(tag string) bool { return holdsHashtag(o.made, tag) }) // the opinions say it
	}
	if o.linked {
		args.Status, args.Before = statusOf(o.known), before(act.Kind, o.known)
	}
	return args
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
