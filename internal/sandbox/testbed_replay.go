package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"verdict/internal/decide"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/taskcluster"
)

// RecordingVersion is the form of Recording that this release writes.
const RecordingVersion = 1

// Recording is an event with all that was known when it was decided: enough to decide it again, anywhere.
type Recording struct {
	Version int           `json:"recording"`
	Event   RecordedEvent `json:"event"`
	// Link is the change that it belongs to; nil: none.
	Link *RecordedLink `json:"link,omitempty"`
	// Facts are what the rules asked for.
	Facts json.RawMessage `json:"facts"`
}

// RecordedEvent is what happened.
type RecordedEvent struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	Type       string          `json:"type"`
	RoutingKey string          `json:"routingKey,omitempty"`
	Routes     []string        `json:"routes,omitempty"`
	Change     string          `json:"change,omitempty"`
	TaskID     string          `json:"taskId,omitempty"`
	GroupID    string          `json:"taskGroupId,omitempty"`
	Time       time.Time       `json:"time"`
	Body       json.RawMessage `json:"body"`
}

// RecordedLink is a patchset.
type RecordedLink struct {
	Server   string `json:"server"`
	Change   int    `json:"change"`
	Patchset int    `json:"patchset"`
	Revision string `json:"revision"`
	Project  string `json:"project"`
	Branch   string `json:"branch"`
}

// Replay decides a recorded event by the set, with the facts of then. Nothing is done.
func (b *Testbed) Replay(ctx context.Context, set *rules.Set, recording []byte) ([]ruletest.Event, error) {
	var r Recording
	if err := json.Unmarshal(recording, &r); err != nil {
		return nil, wrong("the recording can't be read: %v", err)
	}
	if r.Version != RecordingVersion {
		return nil, wrong("the recording has version %d, this release reads %d: record it again with bot why EVENT --as-test", r.Version, RecordingVersion)
	}
	known, err := facts.Revive(r.Facts)
	if err != nil {
		return nil, wrong("%v", err)
	}
	d := newDecider(&recordedStore{link: r.Link}, &facts.Source{Recorded: known, Queue: unasked{}, RootURL: tasksURL}, func() *rules.Set { return set })
	d.Match = looking
	ev := r.Event.event()
	v, err := d.Try(ctx, ev, r.Event.Time)
	if err != nil {
		return nil, wrong("the recording can't be decided: %v", err)
	}
	e := ruletest.Event{Error: v.Event.Error}
	if e.Occurrence, err = d.Occurrence(ev); err != nil {
		return nil, wrong("%v", err)
	}
	if r.Link != nil && e.Project == "" {
		e.Server, e.Project, e.Branch = r.Link.Server, r.Link.Project, r.Link.Branch
	}
	e.Decisions, err = decisionsOf(v.Decisions)
	return []ruletest.Event{e}, err
}

func (e RecordedEvent) event() store.Event {
	return store.Event{
		ID: e.ID, Source: e.Source, Type: e.Type, RoutingKey: e.RoutingKey, Routes: strings.Join(e.Routes, "\n"), Change: e.Change,
		TaskID: e.TaskID, GroupID: e.GroupID, Time: e.Time, Received: e.Time, BodyVersion: 1, Body: e.Body,
	}
}

// recordedStore knows one link, and keeps nothing.
type recordedStore struct {
	decide.Store // nil: what Try calls is below
	link         *RecordedLink
}

// Link implements decide.Store.
func (s *recordedStore) Link(context.Context, string, string) (store.Link, bool, error) {
	if s.link == nil {
		return store.Link{}, false, nil
	}
	l := s.link
	return store.Link{Server: l.Server, Change: l.Change, Patchset: l.Patchset, Revision: l.Revision, Project: l.Project, Branch: l.Branch}, true, nil
}

// Group implements decide.Store.
func (s *recordedStore) Group(context.Context, string) (store.GroupState, bool, error) {
	return store.GroupState{}, false, nil
}

// Opinions implements decide.Store.
func (s *recordedStore) Opinions(context.Context, string, int) ([]store.Opinion, error) {
	return nil, nil
}

// unasked is a queue of which nothing is known: what was is in the facts.
type unasked struct{}

var _ facts.Queue = unasked{}

func notRecorded() error {
	return fmt.Errorf("%w: it is not in the recording", taskcluster.ErrNotFound)
}

// Task implements facts.Queue.
func (unasked) Task(context.Context, string) (*taskcluster.Task, error) { return nil, notRecorded() }

// Status implements facts.Queue.
func (unasked) Status(context.Context, string) (*taskcluster.TaskStatus, error) {
	return nil, notRecorded()
}

// ListTaskGroup implements facts.Queue.
func (unasked) ListTaskGroup(context.Context, string, int) (*taskcluster.TaskGroup, error) {
	return nil, notRecorded()
}
