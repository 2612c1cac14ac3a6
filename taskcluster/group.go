package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// TaskGroup is a group with its tasks, in no order that means anything.
type TaskGroup struct {
	TaskGroupID string
	SchedulerID string
	Expires     Time
	Sealed      Time // zero: it takes more tasks
	Tasks       []GroupTask
}

// GroupTask is one task of a group.
type GroupTask struct {
	Status TaskStatus `json:"status"`
	Task   Task       `json:"task"`
}

// ErrGroupTooLarge is wrapped by the error for a group of more tasks than asked
// for: of such a group nothing can be said.
var ErrGroupTooLarge = errors.New("the task group is too large")

// groupPage is how many tasks are asked for at once: definitions may be large,
// and a page is in memory as a whole.
const groupPage = 250

// ListTaskGroup is the group with all its tasks, at most atMost of them, or any
// number for zero. The pages are no snapshot: a task may have moved on between
// two of them. ErrNotFound: there is no such group, or it has expired.
func (q *Queue) ListTaskGroup(ctx context.Context, groupID string, atMost int) (*TaskGroup, error) {
	if !ValidID(groupID) {
		return nil, fmt.Errorf("task group %q: %w: this isn't a group id", cut(groupID, 40), ErrInvalid)
	}
	group := &TaskGroup{}
	seen := map[string]bool{}
	for token := ""; ; {
		page, err := q.groupPage(ctx, groupID, token)
		if err != nil {
			return nil, fmt.Errorf("list task group %s: %w", groupID, err)
		}
		group.TaskGroupID, group.SchedulerID = page.TaskGroupID, page.SchedulerID
		group.Expires, group.Sealed = page.Expires, page.Sealed
		group.Tasks = append(group.Tasks, page.Tasks...)
		if atMost > 0 && len(group.Tasks) > atMost {
			return nil, fmt.Errorf("list task group %s: %w: more than %d tasks", groupID, ErrGroupTooLarge, atMost)
		}
		token = page.ContinuationToken
		if token == "" {
			return group, nil
		}
		// A token that the server no longer knows is taken as page one, so a
		// token that comes again means that the rest was never seen.
		if seen[token] {
			return nil, fmt.Errorf("list task group %s: %w: the pages go in a circle", groupID, ErrUnavailable)
		}
		seen[token] = true
	}
}

type groupPageAnswer struct {
	TaskGroupID       string      `json:"taskGroupId"`
	SchedulerID       string      `json:"schedulerId"`
	Expires           Time        `json:"expires"`
	Sealed            Time        `json:"sealed"`
	Tasks             []GroupTask `json:"tasks"`
	ContinuationToken string      `json:"continuationToken"`
}

func (q *Queue) groupPage(ctx context.Context, groupID, token string) (*groupPageAnswer, error) {
	query := url.Values{"limit": {strconv.Itoa(groupPage)}}
	if token != "" {
		query.Set("continuationToken", token)
	}
	answer := &groupPageAnswer{}
	err := q.service.do(ctx, call{
		name: "listTaskGroup", method: http.MethodGet, path: "/task-group/" + groupID + "/list", query: query,
	}, answer)
	return answer, err
}
