package decide

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"verdict/gerrit"
	"verdict/internal/decide/ledger"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/report"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// reportFact is under what name the tasks that a report is about are kept with the decision, so that it can be decided
// again without the queue.
const reportFact = "report"

// summary is what a report is about.
type summary struct {
	// Patchset is the one that the group ran for, Also a later one of the same code, which the report is for too.
	Patchset int           `json:"patchset"`
	Also     int           `json:"also,omitempty"`
	Tasks    []report.Task `json:"tasks"`
}

// sumUp completes the reports among a rule's actions: with the outcome of all tasks that count, what that is worth, and
// what is said.
func (d *Decider) sumUp(ctx context.Context, active Active, s *subject, f *facts.Session, rule *rules.Rule, made *rules.Decision, known map[string]any, link store.Link, linked bool) error {
	reports := slices.ContainsFunc(made.Actions, func(a rules.Action) bool { return a.Report != nil })
	if !reports || !made.Matched || !linked {
		return nil
	}
	sum, err := d.summary(ctx, s, f, rule, link)
	if err != nil {
		return err
	}
	known[reportFact] = sum
	for i := range made.Actions {
		act := &made.Actions[i]
		if act.Report == nil {
			continue
		}
		r := report.Report{Label: act.Report.Label, Patchset: sum.Patchset, Also: sum.Also, Tasks: sum.Tasks, RootURL: d.Facts.RootURL}
		r.Recheck = active.Set.Answers("recheck", link.Server, link.Project, link.Branch)
		act.Report.Outcome = string(r.Outcome())
		value, waits := act.Report.Worth(act.Report.Outcome)
		act.Report.Value, r.Value = value, value
		if r.Outcome() == report.Running {
			continue // it waits for another group
		}
		act.Message = r.Text()
		made.Opinions = append(made.Opinions, rules.Opinion{
			Kind: string(store.OpinionLabel), Target: act.Report.Label, Value: value, Waits: waits, Stands: true, Since: r.Resolved(),
		})
	}
	return nil
}

// summary is what counts of all groups of the event's patchset, with what is known of each task elsewhere.
func (d *Decider) summary(ctx context.Context, s *subject, f *facts.Session, rule *rules.Rule, link store.Link) (summary, error) {
	if d.Facts.Recorded != nil {
		return recordedSummary(d.Facts.Recorded[reportFact])
	}
	rows, err := d.Store.AwaitedOn(ctx, link.Server, link.Change)
	if err != nil {
		return summary{}, err
	}
	sum := summary{Patchset: link.Patchset}
	groups := []string{s.GroupID}
	working := map[string]bool{}
	for _, a := range rows {
		if a.Team != rule.Team {
			continue
		}
		if a.Revision == link.Revision && !slices.Contains(groups, a.GroupID) {
			groups = append(groups, a.GroupID)
		}
		if a.GroupID == s.GroupID && a.Patchset < sum.Patchset {
			sum.Patchset, sum.Also = a.Patchset, link.Patchset
		}
		working[a.GroupID] = a.Waits() && a.GroupID != s.GroupID
	}
	var all []taskcluster.GroupTask
	for _, id := range groups {
		tasks, err := d.tasksOf(ctx, s, f, id)
		if err != nil {
			return sum, fmt.Errorf("list the tasks of group %s: %w", id, err)
		}
		all = append(all, tasks...)
	}
	sum.Tasks = report.Counted(all)
	for i := range sum.Tasks {
		t := &sum.Tasks[i]
		t.Never = t.State == taskcluster.Unscheduled && !working[t.GroupID]
	}
	return sum, d.compare(ctx, sum.Tasks, rule, link)
}

func (d *Decider) tasksOf(ctx context.Context, s *subject, f *facts.Session, groupID string) ([]taskcluster.GroupTask, error) {
	list := f.GroupTasks
	if groupID != s.GroupID {
		list = func(ctx context.Context) ([]taskcluster.GroupTask, error) { return f.TasksOf(ctx, groupID) }
	}
	tasks, err := list(ctx)
	if errors.Is(err, facts.ErrNone) {
		return nil, nil
	}
	return tasks, err
}

func recordedSummary(kept any) (sum summary, err error) {
	body, err := json.Marshal(kept)
	if err == nil {
		err = json.Unmarshal(body, &sum)
	}
	if err != nil {
		return sum, &unreadableError{fmt.Errorf("read the recorded report: %w", err)}
	}
	return sum, nil
}

// wentBefore is how many reports on closed changes are looked through for one on a change that was merged.
const wentBefore = 20

// compare notes of each failed task whether it passed on the latest earlier patchset that has it, and for the change
// that was merged last. What was never reported isn't known.
func (d *Decider) compare(ctx context.Context, tasks []report.Task, rule *rules.Rule, link store.Link) error {
	if !slices.ContainsFunc(tasks, func(t report.Task) bool { return t.Outcome() == report.Fail }) {
		return nil
	}
	ours := func(r store.Reported) bool { return r.Team == rule.Team && r.Rule == rule.Name }
	earlier, err := d.Store.Reported(ctx, link.Server, link.Change)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(earlier) {
		if !ours(r) || r.Patchset >= link.Patchset {
			continue
		}
		went := wentOf(r)
		for i := range tasks {
			t := &tasks[i]
			if how, there := went[t.Name]; there && !t.Compared && t.Outcome() == report.Fail {
				t.Compared = true
				if how == report.Pass {
					t.PassedOn = r.Patchset
				}
			}
		}
	}
	closed, seen, err := d.Store.ReportedClosed(ctx, link.Server, link.Project, link.Branch, wentBefore)
	if err != nil {
		return err
	}
	for _, r := range closed {
		if ours(r) && r.Change != link.Change && wasMerged(seen, r) {
			went := wentOf(r)
			for i := range tasks {
				if t := &tasks[i]; t.Outcome() == report.Fail && went[t.Name] == report.Pass {
					t.Onto = link.Branch
				}
			}
			break
		}
	}
	return nil
}

func wentOf(r store.Reported) map[string]report.Outcome {
	went := map[string]report.Outcome{}
	_ = json.Unmarshal(r.Tasks, &went) // we wrote it
	return went
}

// wasMerged tells whether the change of a report is known to be merged.
func wasMerged(seen []store.SeenChange, r store.Reported) bool {
	return slices.ContainsFunc(seen, func(c store.SeenChange) bool {
		return c.Change == r.Change && gerrit.WasMerged(c.Body)
	})
}

// reportArgs are what delivering a report needs: what it says, to tell whether it was said already.
func reportArgs(act rules.Action, known map[string]any) *deliver.ReportArgs {
	sum, ok := known[reportFact].(summary)
	if act.Report == nil || !ok {
		return nil
	}
	r := report.Report{Label: act.Report.Label, Value: act.Report.Value, Tasks: sum.Tasks}
	went := map[string]report.Outcome{}
	for _, t := range sum.Tasks {
		if o := t.Outcome(); went[t.Name] == "" || went[t.Name] == report.Pass {
			went[t.Name] = o // of several tasks of a name, one that didn't pass
		}
	}
	tasks, _ := json.Marshal(went) // texts
	return &deliver.ReportArgs{Label: r.Label, Outcome: r.Identity(), Failed: r.Outcome() == report.Fail, Tasks: tasks}
}

// stillStands tells, where a new patchset has the code of one before, that what was reported on that stands for it too.
func (d *Decider) stillStands(ctx context.Context, active Active, s *subject, before string, opinions []store.Opinion, now time.Time, v *store.Verdict) error {
	c := s.change
	said, err := d.Store.Reported(ctx, c.Server, c.Change.Number)
	if err != nil {
		return err
	}
	for _, r := range said {
		i := slices.IndexFunc(opinions, func(o store.Opinion) bool {
			return o.Kind == store.OpinionLabel && o.Revision == r.Revision && o.Team == r.Team && o.Rule == r.Rule && o.Target == r.Label && o.About == "group" && o.Stands && o.Value != 0
		})
		rule := active.Set.Rule(r.Team, r.Rule)
		if r.Revision != before || i < 0 || rule == nil {
			continue
		}
		_, hand := ledger.New(v).For(rule, d.Shadow)
		if hand == nil {
			continue
		}
		o := opinions[i]
		args := deliver.Args{
			Status:  c.Change.Status,
			Message: report.Kept(r.Label, o.Value, r.Patchset, c.Patchset.Number, c.Patchset.Kind == "NO_CODE_CHANGE"),
			Labels:  map[string]int{r.Label: o.Value}, About: o.About,
			Report: &deliver.ReportArgs{Label: r.Label, Outcome: r.Outcome, Failed: r.Failed, Tasks: r.Tasks, Of: o.EventID, Kept: true},
		}
		key := deliver.KindReport + ":" + r.Label
		a := store.Action{
			ID: ingest.ID("action", s.ID, r.Team, r.Rule, key), EventID: s.ID, Team: r.Team, Rule: r.Rule, Key: key, Kind: deliver.KindReport,
			State: store.ActionPending, Lane: fmt.Sprintf("%s~%d", c.Server, c.Change.Number), Server: c.Server, Change: c.Change.Number,
			Patchset: c.Patchset.Number, Revision: c.Patchset.Revision, Project: c.Change.Project, Branch: c.Change.Branch, Created: now,
		}
		if a.ArgsVersion, a.Args, err = args.Encode(); err != nil {
			return err
		}
		hand.Act(a)
	}
	return nil
}

// opinionOf is an opinion of a decision as the store keeps it: about the thing that the event is of, or, of a report,
// about all tasks of the patchset as they were when the last of them ended.
func opinionOf(o rules.Opinion, about string, madeAt time.Time) store.Opinion {
	if !o.Since.IsZero() {
		madeAt = o.Since
	}
	return store.Opinion{Kind: store.OpinionKind(o.Kind), Target: o.Target, About: about, Value: o.Value, Stands: o.Stands, Waits: o.Waits, Created: madeAt}
}
