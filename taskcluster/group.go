package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
	for page, err := range q.groupPages(ctx, groupID) {
		if err != nil {
			return nil, fmt.Errorf("list task group %s: %w", groupID, err)
		}
		group.TaskGroupID, group.SchedulerID = page.TaskGroupID, page.SchedulerID
		group.Expires, group.Sealed = page.Expires, page.Sealed
		group.Tasks = append(group.Tasks, page.Tasks...)
		if atMost > 0 && len(group.Tasks) > atMost {
			return nil, fmt.Errorf("list task group %s: %w: more than %d tasks", groupID, ErrGroupTooLarge, atMost)
		}
	}
	return group, nil
}

type groupPageAnswer struct {
	TaskGroupID       string      `json:"taskGroupId"`
	SchedulerID       string      `json:"schedulerId"`
	Expires           Time        `json:"expires"`
	Sealed            Time        `json:"sealed"`
	Tasks             []GroupTask `json:"tasks"`
	ContinuationToken string      `json:"continuationToken"`
}

func (q *Queue) groupPages(ctx context.Context, groupID string) iter.Seq2[*groupPageAnswer, error] {
	first := url.Values{"limit": {strconv.Itoa(groupPage)}}
	return Pages(ctx, first, func(ctx context.Context, query url.Values) (*groupPageAnswer, string, error) {
		page := &groupPageAnswer{}
		err := q.client.Do(ctx, Call{Name: "listTaskGroup", Path: "/task-group/" + groupID + "/list", Query: query}, page)
		return page, page.ContinuationToken, err
	})
}
