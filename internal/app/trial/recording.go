package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"verdict/internal/app/admin"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// RecordingVersion is the form of Recording that this release writes.
const RecordingVersion = 1

// Recording is an event with all that was known when it was decided: enough to decide it again, anywhere.
type Recording struct {
	Version int   `json:"recording"`
	Event   Event `json:"event"`
	// Link is the patchset that it belongs to; nil: none.
	Link *Link `json:"link,omitempty"`
	// Facts are all that the rules asked for.
	Facts json.RawMessage `json:"facts"`
	// Spent is, by TEAM/RULE, what once kept back.
	Spent map[string][]rules.Spent `json:"spent,omitempty"`
}

// Event is what happened.
type Event struct {
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

// Link is a patchset.
type Link struct {
	Server   string `json:"server"`
	Change   int    `json:"change"`
	Patchset int    `json:"patchset"`
	Revision string `json:"revision"`
	Project  string `json:"project"`
	Branch   string `json:"branch"`
}

// Record makes a recording of an event that was decided. One without decisions has no facts, and can't be replayed where
// a rule asks for some.
func Record(e admin.EventDetail) (Recording, error) {
	r := Recording{Version: RecordingVersion, Event: Event{
		ID: e.ID, Source: e.Source, Type: e.Type, RoutingKey: e.RoutingKey, Routes: e.Routes, Change: e.Change, TaskID: e.TaskID,
		GroupID: e.GroupID, Time: e.Time, Body: e.Body,
	}}
	if len(e.Body) == 0 {
		return r, fmt.Errorf("event %s has lost its body, as old ones do (retention.events)", e.ID)
	}
	known, artifacts := map[string]any{}, map[string]any{}
	for _, d := range e.Decisions {
		var made rules.Decision
		if json.Unmarshal(d.Explanation, &made) == nil && len(made.Spent) > 0 { // else it explains nothing that is asked here
			if r.Spent == nil {
				r.Spent = map[string][]rules.Spent{}
			}
			r.Spent[d.Rule] = made.Spent
		}
		if len(d.Facts) == 0 {
			continue
		}
		of, err := facts.Revive(d.Facts)
		if err != nil {
			return r, fmt.Errorf("%s: %w", d.Rule, err)
		}
		maps.Copy(known, of)
		if texts, ok := of["artifacts"].(map[string]any); ok { // each rule has those that it came to
			maps.Copy(artifacts, texts)
			known["artifacts"] = artifacts
		}
	}
	var err error
	if r.Facts, err = json.Marshal(known); err != nil {
		return r, fmt.Errorf("encode the facts: %w", err)
	}
	r.Link = linkOf(e.Change, known)
	return r, nil
}

// linkOf is the patchset that the facts are of.
func linkOf(change string, known map[string]any) *Link {
	server, number, ok := strings.Cut(change, "~")
	n, err := strconv.Atoi(number)
	c, _ := known["change"].(map[string]any)
	if !ok || err != nil || c == nil {
		return nil
	}
	l := &Link{Server: server, Change: n}
	l.Project, _ = c["project"].(string)
	l.Branch, _ = c["branch"].(string)
	patchset, _ := c["currentPatchset"].(int64)
	l.Revision, _ = c["currentRevision"].(string)
	if p, ok := known["patchset"].(map[string]any); ok {
		patchset, _ = p["number"].(int64)
		l.Revision, _ = p["revision"].(string)
	}
	l.Patchset = int(patchset)
	return l
}

// Recall has all that was known then known again: the facts, the patchset, and what was done once.
func (t *Trial) Recall(r Recording) error {
	known, err := facts.Revive(r.Facts)
	if err != nil {
		return err
	}
	t.Facts, t.Link, t.Spent = &facts.Source{Recorded: known, Queue: NoQueue{}}, r.Link.Stored(), r.Spent
	return nil
}

// Replay decides a recording by a set.
func (r Recording) Replay(ctx context.Context, set *rules.Set) ([]Outcome, error) {
	t := Trial{Set: set}
	if err := t.Recall(r); err != nil {
		return nil, err
	}
	out, err := t.Try(ctx, r.Event.Stored())
	if len(out) > 1 {
		out = out[:1] // what is derived of it is events of their own, with facts of their own
	}
	return out, err
}

// ParseRecording reads what Record made, as JSON.
func ParseRecording(data []byte) (Recording, error) {
	var r Recording
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("the recording is not JSON of its form: %w", err)
	}
	if r.Version != RecordingVersion {
		return r, fmt.Errorf("the recording has version %d, this release reads %d; record it anew: bot why EVENT --as-test", r.Version, RecordingVersion)
	}
	return r, nil
}

// Stored is the patchset as the stages have it; nil: none.
func (l *Link) Stored() *store.Link {
	if l == nil {
		return nil
	}
	return &store.Link{Server: l.Server, Change: l.Change, Patchset: l.Patchset, Revision: l.Revision, Project: l.Project, Branch: l.Branch}
}

// Stored is the event as the stages have it.
func (e Event) Stored() store.Event {
	return store.Event{
		ID: e.ID, Source: e.Source, Type: e.Type, RoutingKey: e.RoutingKey, Routes: strings.Join(e.Routes, "\n"), Change: e.Change,
		TaskID: e.TaskID, GroupID: e.GroupID, Time: e.Time, Received: e.Time, BodyVersion: 1, Body: e.Body,
	}
}

// NoQueue is a queue of which nothing is known.
type NoQueue struct{}

var _ facts.Queue = NoQueue{}

func unknown() error { return fmt.Errorf("%w: nobody was asked", taskcluster.ErrNotFound) }

// Task implements facts.Queue.
func (NoQueue) Task(context.Context, string) (*taskcluster.Task, error) { return nil, unknown() }

// Status implements facts.Queue.
func (NoQueue) Status(context.Context, string) (*taskcluster.TaskStatus, error) {
	return nil, unknown()
}

// ListTaskGroup implements facts.Queue.
func (NoQueue) ListTaskGroup(context.Context, string, int) (*taskcluster.TaskGroup, error) {
	return nil, unknown()
}

// Artifact implements facts.Queue.
func (NoQueue) Artifact(context.Context, string, int, string, taskcluster.Caller, int64) ([]byte, error) {
	return nil, unknown()
}
