package decide

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/facts"
	"verdict/taskcluster"
)

// view is a task group as the queue says now.
type view struct {
	// hash names the state: each task's latest run and state, and whether it can never run.
	hash string
	// settled: each task is final, or can never run; at is when the last of them ended.
	settled bool
	at      time.Time
	// idle: nothing is pending or running.
	idle bool
}

// view is the event's group, looked at once.
func (s *subject) view(ctx context.Context, f *facts.Session) (view, error) {
	if s.seen == nil {
		v, err := viewOf(ctx, f, s.GroupID)
		if err != nil {
			return view{}, err
		}
		s.seen = &v
	}
	return *s.seen, nil
}

// viewOf looks at a group. facts.ErrNone: there is none.
func viewOf(ctx context.Context, f *facts.Session, groupID string) (view, error) {
	tasks, err := f.GroupTasks(ctx)
	if err != nil {
		return view{}, err
	}
	c := course{facts: f, tasks: make(map[string]*taskcluster.GroupTask, len(tasks)), hopeless: map[string]bool{}, elsewhere: map[string]bool{}}
	for i := range tasks {
		c.tasks[tasks[i].Status.TaskID] = &tasks[i]
	}
	v := view{settled: len(tasks) > 0, idle: true}
	lines := make([]string, 0, len(tasks))
	for i := range tasks {
		t := &tasks[i]
		run := -1
		if latest, ok := t.Status.LatestRun(); ok {
			run = latest.RunID
		}
		line := fmt.Sprintf("%s %d %s", t.Status.TaskID, run, t.Status.State)
		last, over := settledRun(&t.Status)
		if over && resolved(last).After(v.at) {
			v.at = resolved(last)
		}
		if !over {
			if over, err = c.never(ctx, t); err != nil {
				return view{}, err
			}
			if over {
				line += " never"
			}
		}
		v.settled = v.settled && over
		v.idle = v.idle && t.Status.State != taskcluster.Pending && t.Status.State != taskcluster.Running
		lines = append(lines, line)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(groupID + "\n" + strings.Join(lines, "\n")))
	v.hash = hex.EncodeToString(sum[:12])
	return v, nil
}

// course knows which tasks of a group can't run any more.
type course struct {
	facts *facts.Session
	tasks map[string]*taskcluster.GroupTask
	// hopeless is what was found out, by task; one that is being looked at is not.
	hopeless map[string]bool
	// elsewhere is which tasks of other groups ended badly, of those that were asked about.
	elsewhere map[string]bool
}

// strangers is how many tasks of other groups are asked about; what depends on more may run.
const strangers = 50

// never tells whether a task is unscheduled for good: what it needs completed ended otherwise, or can never run either.
func (c *course) never(ctx context.Context, t *taskcluster.GroupTask) (bool, error) {
	if t.Status.State != taskcluster.Unscheduled || t.Task.Requires == "all-resolved" {
		return false, nil
	}
	id := t.Status.TaskID
	if known, ok := c.hopeless[id]; ok {
		return known, nil
	}
	c.hopeless[id] = false
	for _, on := range t.Task.Dependencies {
		bad, err := c.endedBadly(ctx, on)
		if err != nil {
			return false, err
		}
		if bad {
			c.hopeless[id] = true
			return true, nil
		}
	}
	return false, nil
}

func (c *course) endedBadly(ctx context.Context, id string) (bool, error) {
	if t, ok := c.tasks[id]; ok {
		if t.Status.Final() {
			return t.Status.State != taskcluster.Completed, nil
		}
		return c.never(ctx, t)
	}
	bad, known := c.elsewhere[id]
	if known || len(c.elsewhere) == strangers {
		return bad, nil
	}
	status, err := c.facts.StatusOf(ctx, id)
	switch {
	case errors.Is(err, facts.ErrNone):
		bad = true // it expired: it can't complete any more
	case err != nil:
		return false, fmt.Errorf("what task %s, which others wait for, came to: %w", id, err)
	default:
		bad = status.Final() && status.State != taskcluster.Completed
	}
	c.elsewhere[id] = bad
	return bad, nil
}
