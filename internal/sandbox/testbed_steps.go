package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// Happen lets a step happen and the bot answer it.
func (w *bench) Happen(ctx context.Context, step ruletest.Step) ([]ruletest.Event, error) {
	if err := w.begin(ctx, w.before(step)); err != nil {
		return nil, err
	}
	var err error
	switch {
	case step.Task != nil:
		_, err = w.task(step.Task.Task, step.Task.TaskFields, "")
	case step.Group != nil:
		w.decider.Stuck = waits
		if step.Group.Group == "stuck" {
			w.decider.Stuck = 0 // the time is over
		}
		err = w.group(*step.Group, step.Alone)
	case step.Gerrit != nil:
		err = w.atGerrit(ctx, *step.Gerrit)
	case step.Command != nil:
		w.command(*step.Command)
	case step.Message != nil:
		err = w.message(*step.Message)
	case step.Approve != "":
		err = w.approve(ctx, step.Approve)
	case step.Cron != nil:
		err = w.tick(ctx, *step.Cron)
	}
	if err != nil {
		return nil, err
	}
	return w.settle(ctx)
}

// before is how many patchsets there are before the first step: if that is a patchset, it is the current one. One of a
// kind has one to be compared with.
func (w *bench) before(first ruletest.Step) int {
	n := w.given.Change.CurrentPatchset
	g := first.Gerrit
	if g == nil || g.Gerrit != gerrit.PatchsetCreated {
		return n
	}
	if g.Kind != "" && g.Kind != "REWORK" {
		return max(n-1, 1)
	}
	return n - 1
}

func wrong(format string, args ...any) error {
	return &ruletest.StepError{Message: fmt.Sprintf(format, args...)}
}

// atGerrit does what somebody does there. What the stand-in panics at, as it does at a label that there isn't, is the
// test's fault.
func (w *bench) atGerrit(ctx context.Context, g ruletest.GerritStep) (err error) {
	defer func() {
		if v := recover(); v != nil {
			text, ok := v.(string)
			if !ok || !strings.HasPrefix(text, "gerrittest: ") {
				panic(v)
			}
			err = wrong("Gerrit can't do it: %s", strings.TrimPrefix(text, "gerrittest: "))
		}
	}()
	if g.Gerrit == gerrit.PatchsetCreated {
		return w.pushStep(g)
	}
	if g.Branch != "" || g.Project != "" {
		return wrong("the change has its project and branch: write them below given, or take another patchset-created for the event")
	}
	by := w.account(g.By)
	switch g.Gerrit {
	case gerrit.CommentAdded:
		w.gerrit.Comment(w.change, by, cmp.Or(g.Text, "A comment"))
	case gerrit.VoteChanged:
		if g.Value < -2 || g.Value > 2 {
			return wrong("a vote is from -2 to 2, not %d", g.Value)
		}
		w.gerrit.Vote(w.change, by, g.Label, g.Value)
	case gerrit.HashtagsChanged:
		w.gerrit.SetHashtags(w.change, by, g.Add, g.Remove)
	case gerrit.WIPChanged:
		w.gerrit.SetWIP(w.change, g.WIP == nil || *g.WIP)
	case gerrit.ChangeMerged:
		return asStep(w.gerrit.Merge(w.change, by))
	case gerrit.ChangeAbandoned:
		return asStep(w.gerrit.Abandon(w.change, by, g.Text))
	case gerrit.ChangeRestored:
		return asStep(w.gerrit.Restore(w.change, by, g.Text))
	case gerrit.TopicChanged:
		_, err := w.as(by).SetTopic(ctx, fmt.Sprint(w.change), g.Topic)
		return asStep(err)
	case gerrit.ReviewerChanged:
		_, err := w.as(by).AddReviewer(ctx, fmt.Sprint(w.change), gerrit.ReviewerInput{Reviewer: w.account(g.Reviewer)})
		return asStep(err)
	default:
		return wrong("a test can't make %s happen yet", g.Gerrit)
	}
	return nil
}

// command has somebody write a command.
func (w *bench) command(c ruletest.CommandStep) {
	if c.By == "owner" {
		c.By = ""
	}
	w.gerrit.Comment(w.change, w.account(c.By), c.Command)
}

func asStep(err error) error {
	if err == nil {
		return nil
	}
	return wrong("Gerrit refuses it: %v", err)
}

// as calls Gerrit as somebody.
func (w *bench) as(name string) *gerrit.Client {
	return gerrit.NewClient(w.gerrit.URL(), gerrit.BasicAuth(name, w.accounts[name]))
}

func (w *bench) pushStep(g ruletest.GerritStep) error {
	c := &w.given.Change
	if w.change != 0 && (g.Branch != "" && g.Branch != c.Branch || g.Project != "" && g.Project != c.Project) {
		return wrong("the change is on %s %s already: give these where it begins", c.Project, c.Branch)
	}
	if w.change == 0 && (g.Branch != "" || g.Project != "") {
		c.Branch, c.Project = cmp.Or(g.Branch, c.Branch), cmp.Or(g.Project, c.Project)
		w.gerrit.AddProject(c.Project, c.Branch)
	}
	if w.change != 0 && w.gerrit.Change(w.change).Status != "NEW" {
		return wrong("the change is %s: nobody can push to it", strings.ToLower(w.gerrit.Change(w.change).Status))
	}
	p := gerrittest.Push{Subject: g.Subject, Body: g.Message, Kind: g.Kind, Uploader: g.By, Author: g.Author, WIP: g.WIP != nil && *g.WIP}
	if g.Files != nil {
		p.Files = contents(g.Files, w.patchset+1)
	}
	if g.Kind == "NO_CODE_CHANGE" && p.Subject == "" {
		p.Subject = c.Subject + ", said better"
	}
	w.push(p)
	if g.WIP != nil && !*g.WIP {
		w.gerrit.SetWIP(w.change, false)
	}
	return nil
}

// message has somebody publish a message.
func (w *bench) message(m ruletest.MessageStep) error {
	body, err := json.Marshal(m.Message)
	if err != nil {
		return wrong("the payload can't be sent: %v", err)
	}
	exchange, _ := rules.ExchangeName("", m.Exchange)
	sent := pulse.Message{Exchange: exchange, RoutingKey: m.RoutingKey, Body: body, Received: time.Now()}
	for _, c := range m.CC {
		sent.Routes = append(sent.Routes, strings.TrimPrefix(c, "route."))
	}
	var said struct {
		Status      struct{ TaskID, TaskGroupID, ProvisionerID, WorkerType, SchedulerID string }
		RunID       *int
		WorkerGroup string
		WorkerID    string
	}
	if json.Unmarshal(body, &said) == nil && said.Status.TaskID != "" {
		w.belongs("task", said.Status.TaskID)
		if sent.RoutingKey == "" {
			run := "_"
			if said.RunID != nil {
				run = fmt.Sprint(*said.RunID)
			}
			s := said.Status
			words := []string{"primary", s.TaskID, run, said.WorkerGroup, said.WorkerID, s.ProvisionerID, s.WorkerType, s.SchedulerID, s.TaskGroupID, "_"}
			for i := range words {
				words[i] = cmp.Or(words[i], "_")
			}
			sent.RoutingKey = strings.Join(words, ".")
		}
	}
	w.receive(sent)
	return nil
}

// belongs makes a task or group the change's.
func (w *bench) belongs(kind, id string) { w.links.made[[2]string{kind, id}] = w.link() }

// sameTags says whether a task has the tags that a step speaks of.
func sameTags(want, got map[string]string) bool {
	for _, k := range slices.Collect(maps.Keys(want)) {
		if want[k] != got[k] {
			return false
		}
	}
	return true
}
