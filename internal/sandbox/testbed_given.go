package sandbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/taskcluster"
)

// Who and where a test is, unless it says so.
const (
	givenOwner   = "alice"
	givenBranch  = "main"
	givenProject = "project"
	givenSubject = "A change"
)

// completed fills in what a test leaves out: the project is the first that its rules are on, or that the team was granted.
func completed(g ruletest.Given, set *rules.Set) ruletest.Given {
	c := &g.Change
	server, project := placeOf(set)
	c.Server, c.Project = cmp.Or(c.Server, server), cmp.Or(c.Project, project)
	c.Branch, c.Owner, c.Subject = cmp.Or(c.Branch, givenBranch), cmp.Or(c.Owner, givenOwner), cmp.Or(c.Subject, givenSubject)
	c.Number, c.CurrentPatchset = cmp.Or(c.Number, 1), cmp.Or(c.CurrentPatchset, 1)
	if c.Files == nil {
		c.Files = []string{"README"}
	}
	return g
}

func placeOf(set *rules.Set) (server, project string) {
	for _, r := range set.Rules() {
		for _, t := range r.On {
			server = cmp.Or(server, t.Server)
			project = cmp.Or(project, firstPlain(t.Projects))
		}
	}
	for _, name := range set.TeamNames() {
		if team, ok := set.Team(name); ok {
			for _, grant := range team.Gerrit {
				server = cmp.Or(server, grant.Server)
				project = cmp.Or(project, firstPlain(grant.Projects))
			}
		}
	}
	return cmp.Or(server, serverName), cmp.Or(project, givenProject)
}

// firstPlain is the first pattern that is a name, or can be made one.
func firstPlain(patterns []string) string {
	for _, p := range patterns {
		if !strings.ContainsAny(p, "!?[{") {
			return strings.NewReplacer("**", "example", "*", "example").Replace(p)
		}
	}
	return ""
}

// labelsOf are Gerrit's usual labels and those that the rules vote on, each from -2 to 2 for the bot.
func labelsOf(set *rules.Set) []gerrittest.Label {
	labels := gerrittest.DefaultLabels()
	var names []string
	for _, r := range set.Rules() {
		names = append(names, r.Labels()...)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		i := slices.IndexFunc(labels, func(l gerrittest.Label) bool { return l.Name == name })
		if i < 0 {
			labels = append(labels, gerrittest.Label{Name: name, Copy: "changekind:NO_CODE_CHANGE OR changekind:NO_CHANGE"})
			i = len(labels) - 1
		}
		labels[i].Values = map[int]string{-2: "-2", -1: "-1", 0: "0", 1: "+1", 2: "+2"}
		labels[i].Rights = append(labels[i].Rights, gerrittest.LabelRight{Group: gerrittest.ServiceUsers, Min: -2, Max: 2})
	}
	return labels
}

// account makes sure that somebody exists, and answers the username. Nobody is the change's owner. Who isn't given any
// groups is in none, but for the owner, who is in all that the team trusts.
func (w *bench) account(name string) string {
	name = cmp.Or(name, w.given.Change.Owner)
	if _, known := w.accounts[name]; known {
		return name
	}
	groups, given := w.given.Accounts[name]
	if !given && name == w.given.Change.Owner && w.team != nil {
		groups = w.team.TrustedGroups()
	}
	w.accounts[name] = rand.Text()
	w.gerrit.AddAccount(gerrittest.Account{Username: name, Email: name + "@example.org", Password: w.accounts[name], Groups: groups})
	return name
}

// begin makes the change with so many patchsets, before the bot has rules.
func (w *bench) begin(ctx context.Context, patchsets int) error {
	if w.begun {
		return nil
	}
	w.begun = true
	for range patchsets {
		w.push(gerrittest.Push{})
	}
	if _, err := w.settle(ctx); err != nil {
		return err
	}
	w.active = w.set
	return nil
}

// push pushes the change's next patchset, the first as it is given.
func (w *bench) push(p gerrittest.Push) {
	c := w.given.Change
	p.Uploader = w.account(p.Uploader)
	p.Change = w.change
	if w.change == 0 {
		p.Project, p.Branch, p.Topic, p.Hashtags = c.Project, c.Branch, c.Topic, c.Hashtags
		p.Subject, p.Body = cmp.Or(p.Subject, c.Subject), cmp.Or(p.Body, c.Message)
		p.WIP = p.WIP || c.WIP
		if p.Files == nil {
			p.Files = contents(c.Files, 1)
		}
	}
	if p.Files == nil && p.Kind == "" {
		p.Files = contents(w.gerrit.Change(w.change).Current.Files, w.patchset+1)
	}
	if p.Kind == "" {
		maps.Copy(p.Files, c.Contents)
	}
	made := w.gerrit.Push(p)
	w.change, w.patchset = made.Change, made.Number
}

// contents are files that differ from patchset to patchset.
func contents(paths []string, patchset int) map[string]string {
	files := make(map[string]string, len(paths))
	for _, p := range paths {
		files[p] = fmt.Sprintf("%s of patch set %d\n", p, patchset)
	}
	return files
}

// givenLinks is the store, which knows besides which tasks a test said are the change's.
type givenLinks struct {
	*store.Store
	made map[[2]string]store.Link
	// waiting is how many events were put off since somebody looked.
	waiting int
}

// PostponeEvent implements decide.Store: tests don't wait for seconds.
func (l *givenLinks) PostponeEvent(ctx context.Context, id string, epoch int64, reason string, _ time.Duration) error {
	l.waiting++
	return l.Store.PostponeEvent(ctx, id, epoch, reason, postponed)
}

// Link implements decide.Store.
func (l *givenLinks) Link(ctx context.Context, kind, id string) (store.Link, bool, error) {
	if link, ok := l.made[[2]string{kind, id}]; ok {
		return link, true, nil
	}
	return l.Store.Link(ctx, kind, id)
}

// GroupsOf implements decide.Store.
func (l *givenLinks) GroupsOf(ctx context.Context, server string, change int, revision string) ([]string, error) {
	ids, err := l.Store.GroupsOf(ctx, server, change, revision)
	for made, link := range l.made {
		if made[0] == "group" && link.Server == server && link.Change == change && link.Revision == revision && !slices.Contains(ids, made[1]) {
			ids = append(ids, made[1])
		}
	}
	slices.Sort(ids)
	return ids, err
}

// link is the change as it is now.
func (w *bench) link() store.Link {
	c := w.gerrit.Change(w.change)
	return store.Link{
		Server: w.given.Change.Server, Change: c.Number, Patchset: c.Current.Number, Revision: c.Current.Revision,
		Project: c.Project, Branch: c.Branch,
	}
}

// openGroups is a queue whose groups have one more task, not finished, until a test says that they are settled: a test
// that speaks of one task says nothing of its group.
type openGroups struct {
	facts.Queue
	settled map[string]bool
}

// ListTaskGroup implements facts.Queue.
func (q *openGroups) ListTaskGroup(ctx context.Context, groupID string, atMost int) (*taskcluster.TaskGroup, error) {
	group, err := q.Queue.ListTaskGroup(ctx, groupID, atMost)
	if err != nil || q.settled[groupID] {
		return group, err
	}
	more := *group
	more.Tasks = append(slices.Clone(group.Tasks), taskcluster.GroupTask{
		Status: taskcluster.TaskStatus{TaskID: "not-yet", TaskGroupID: groupID, SchedulerID: group.SchedulerID, State: taskcluster.Pending},
	})
	return &more, nil
}
