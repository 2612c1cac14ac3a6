// Package facts fetches what a rule may ask for beyond its event.
//
// A Session serves one event: each answer of Gerrit or Taskcluster is fetched once, when the first rule names it,
// and shared by the rules that follow. A task's definition, which never changes, is kept longer. The names and
// types of what is given are those of rules.Fields. It persists nothing: internal/decide, which calls it, keeps the
// facts with the decision.
package facts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"verdict/gerrit"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// ErrNone means that what was asked for is not there, and that asking again won't help: a task that expired, a
// change that is gone or hidden.
var ErrNone = errors.New("facts: there is none")

// MissingError says which fact a rule named that the event doesn't have.
type MissingError struct{ Fact, Why string }

func (e *MissingError) Error() string { return e.Fact + ": " + e.Why }

// Gerrit is what facts need of one server.
type Gerrit interface {
	GetChangeDetail(ctx context.Context, changeID string, opts ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error)
	AllChanges(ctx context.Context, q string, opt gerrit.QueryChangesOpt) iter.Seq2[*gerrit.ChangeInfo, error]
	ListFiles(ctx context.Context, changeID, revision string) (map[string]*gerrit.FileInfo, error)
	GetRevisionFileContent(ctx context.Context, changeID, revision, path string) ([]byte, error)
	QueryAccounts(ctx context.Context, q string, opts ...gerrit.QueryAccountsOpt) ([]*gerrit.AccountInfo, error)
	GetAccountGroups(ctx context.Context, accountID string) ([]string, error)
	GetAccountInfo(ctx context.Context, accountID string) (gerrit.AccountInfo, error)
	ListChangeComments(ctx context.Context, changeID string) (map[string][]gerrit.CommentInfo, error)
}

// Queue is what facts need of Taskcluster's queue.
type Queue interface {
	Task(ctx context.Context, taskID string) (*taskcluster.Task, error)
	Status(ctx context.Context, taskID string) (*taskcluster.TaskStatus, error)
	ListTaskGroup(ctx context.Context, groupID string, atMost int) (*taskcluster.TaskGroup, error)
	Artifact(ctx context.Context, taskID string, run int, name string, caller taskcluster.Caller, atMost int64) ([]byte, error)
}

// Source makes sessions. Its fields are set once.
type Source struct {
	Gerrit map[string]Gerrit
	// URLs are where people see each Gerrit, by the server's name.
	URLs  map[string]string
	Queue Queue
	// RootURL is the Taskcluster deployment's, for links.
	RootURL      string
	DashboardURL string
	// Recorded are facts that are given as they are, instead of being fetched: those of a decision that is looked at
	// again. Where it is set nobody is asked; a fact that isn't in it is one that the event doesn't have.
	Recorded map[string]any

	definitions cache
	selves      selves
}

// About says which event's facts are wanted.
type About struct {
	EventID, TaskID, GroupID string
	// Run is the run that the event is of, -1 for the latest.
	Run int
	// Actor is who caused an event of Gerrit's on Server; nil: nobody is told.
	Actor  *gerrit.EventAccount
	Server string
	// Command is the fact of that name; nil: there is none.
	Command map[string]any
}

// Session gives the facts of one event. It is for one goroutine.
type Session struct {
	s     *Source
	about About

	task      *taskcluster.Task
	status    *taskcluster.TaskStatus
	group     []taskcluster.GroupTask
	artifacts map[string]artifact
	changes   map[string]*gerrit.ChangeInfo
	files     map[string][]any
	actor     *rules.Account
	texts     map[string]any // of files, by revision and path
}

// Session begins the facts of an event.
func (s *Source) Session(about About) *Session { return &Session{s: s, about: about} }

// Fetch gives the named facts. A fact that the event doesn't have is a *MissingError; other errors are worth
// another try.
func (f *Session) Fetch(ctx context.Context, link store.Link, linked bool, names []string) (map[string]any, error) {
	out := make(map[string]any, len(names))
	for _, name := range names {
		if _, ok := out[name]; ok || name == "now" || name == "event" {
			continue
		}
		value, err := f.fact(ctx, name, link, linked)
		if errors.Is(err, ErrNone) {
			return nil, &MissingError{Fact: name, Why: f.whyNone(name, link, linked)}
		}
		if err != nil {
			return nil, fmt.Errorf("fetch the fact %s: %w", name, err)
		}
		out[name] = value
	}
	return joined(out), nil
}

func (f *Session) fact(ctx context.Context, name string, link store.Link, linked bool) (any, error) {
	if f.s.Recorded != nil {
		v, ok := f.s.Recorded[name]
		if whole, field, part := strings.Cut(name, "."); part && !ok {
			of, _ := f.s.Recorded[whole].(map[string]any)
			v, ok = of[field]
		}
		if !ok {
			return nil, ErrNone
		}
		return v, nil
	}
	if path, ok := strings.CutPrefix(name, rules.TaskFileFact); ok {
		if !linked {
			return nil, ErrNone
		}
		return f.fileFact(ctx, path, link)
	}
	switch name {
	case "change", "patchset", "files":
		if !linked {
			return nil, ErrNone
		}
		return f.ofChange(ctx, name, link)
	case "task":
		return f.taskFact(ctx)
	case "run":
		return f.runFact(ctx)
	case "group":
		return f.groupFact(ctx)
	case "command":
		if f.about.Command == nil {
			return nil, ErrNone
		}
		return f.about.Command, nil
	case "account":
		return f.accountFact()
	case "account.groups":
		return f.accountGroups(ctx)
	case "links":
		return f.links(link, linked), nil
	}
	return nil, fmt.Errorf("no fact is called %q", name)
}

func (f *Session) whyNone(name string, link store.Link, linked bool) string {
	switch {
	case f.s.Recorded != nil:
		return "it is not in the recording: record the event again"
	case name == "change" || name == "patchset" || name == "files" || strings.HasPrefix(name, rules.TaskFileFact):
		if !linked {
			return "the event belongs to no change"
		}
		return fmt.Sprintf("%s has no change %d with patch set %d, or hides it", link.Server, link.Change, link.Patchset)
	case name == "account" || name == "account.groups":
		return "Gerrit doesn't tell who did it"
	case name == "group" && f.about.GroupID == "", f.about.TaskID == "":
		return "the event is of no " + name
	}
	return fmt.Sprintf("task %s has none: it expired, or never ran", f.about.TaskID)
}

func (f *Session) links(link store.Link, linked bool) map[string]any {
	out := map[string]any{}
	if id := f.about.TaskID; id != "" {
		out["task"] = taskcluster.TaskURL(f.s.RootURL, id)
		if run := f.run(); run >= 0 {
			out["run"] = taskcluster.RunURL(f.s.RootURL, id, run)
			out["log"] = taskcluster.LogURL(f.s.RootURL, id, run)
		}
	}
	if id := f.about.GroupID; id != "" {
		out["group"] = taskcluster.GroupURL(f.s.RootURL, id)
	}
	if linked {
		out["change"] = fmt.Sprintf("%s/c/%s/+/%d", strings.TrimRight(f.s.URLs[link.Server], "/"), link.Project, link.Change)
	}
	if f.s.DashboardURL != "" {
		out["why"] = strings.TrimRight(f.s.DashboardURL, "/") + "/e/" + f.about.EventID
	}
	return out
}

// run is the run that the facts are of, -1 where there is none or nobody asked yet.
func (f *Session) run() int {
	if f.about.Run >= 0 || f.status == nil {
		return f.about.Run
	}
	return len(f.status.Runs) - 1
}

// cache keeps the definitions of the tasks that were asked for last: they never change but for their priority.
type cache struct {
	mu    sync.Mutex
	tasks map[string]*taskcluster.Task
	order []string
}

// cached is how many definitions are kept; one is a few kilobytes.
const cached = 2000

func (c *cache) get(id string) *taskcluster.Task {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tasks[id]
}

func (c *cache) put(id string, t *taskcluster.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks == nil {
		c.tasks = map[string]*taskcluster.Task{}
	}
	if _, ok := c.tasks[id]; ok {
		return
	}
	c.tasks[id] = t
	c.order = append(c.order, id)
	if len(c.order) > cached {
		delete(c.tasks, c.order[0])
		c.order = slices.Delete(c.order, 0, 1)
	}
}
