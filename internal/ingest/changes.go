package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"verdict/gerrit"
	"verdict/internal/store"
	"verdict/rules"
)

// AcceptChanges stores what was found at Gerrit, what was seen of its changes, and a poll's cursor, in one
// transaction. Which of the events is news, the ids say. The error is gerrit.ErrMoved where somebody else saw one of
// the changes meanwhile.
func (in *Inbox) AcceptChanges(ctx context.Context, found gerrit.Found) error {
	set := in.Rules()
	intake := store.Intake{Events: make([]store.Event, 0, len(found.Events)), Seen: seenChanges(found)}
	var candidates []rules.Candidate
	for _, e := range found.Events {
		ev, err := fromChange(e)
		if err != nil {
			return err
		}
		candidates = set.Match(rules.Occurrence{Source: "gerrit", Type: e.Type, Server: e.Server, Project: e.Change.Project, Branch: e.Change.Branch, Payload: &body{raw: ev.Body}}, candidates[:0])
		ev.State, ev.SetHash = store.EventUnmatched, set.Hash()
		if len(candidates) > 0 || renewsOpinions(e) || mayCommand(set, e) {
			ev.State = store.EventReceived
		}
		intake.Events = append(intake.Events, ev)
	}
	if found.Cursor != "" {
		intake.Cursors = []store.Cursor{{Name: found.CursorName, Value: found.Cursor}}
	}
	err := in.accept(ctx, intake)
	if errors.Is(err, store.ErrMoved) {
		return fmt.Errorf("store %d changes of %s: %w", len(found.Seen), found.Server, gerrit.ErrMoved)
	}
	if err != nil {
		return fmt.Errorf("store %d events of %s: %w", len(found.Events), found.Server, err)
	}
	return nil
}

// Cursor reads a poller's place.
func (in *Inbox) Cursor(ctx context.Context, name string) (string, error) {
	return in.Store.Cursor(ctx, name)
}

// SeenChanges reads what a poller last saw of changes.
func (in *Inbox) SeenChanges(ctx context.Context, server string, changes []int) ([]gerrit.Seen, error) {
	kept, err := in.Store.SeenChanges(ctx, server, changes)
	if err != nil {
		return nil, err
	}
	seen := make([]gerrit.Seen, 0, len(kept))
	for _, c := range kept {
		seen = append(seen, gerrit.Seen{Change: c.Change, Version: c.Version, Name: c.Name, State: gerrit.SeenState(c.State), Body: c.Body})
	}
	return seen, nil
}

// OpenSeen reads which changes were open when a poller last saw them.
func (in *Inbox) OpenSeen(ctx context.Context, server string, after, limit int) ([]int, error) {
	return in.Store.OpenSeen(ctx, server, after, limit)
}

// seenChanges is the converse of SeenChanges; the states are the same in both packages.
func seenChanges(found gerrit.Found) []store.SeenChange {
	var seen []store.SeenChange
	for _, s := range found.Seen {
		seen = append(seen, store.SeenChange{Server: found.Server, Change: s.Change, Version: s.Version, Name: s.Name, State: store.SeenState(s.State), Body: s.Body})
	}
	return seen
}

// renewsOpinions tells whether an event concerns opinions though no rule may match it: a later patchset ends
// those on the one before, or carries them on.
func renewsOpinions(e gerrit.Event) bool {
	return e.Type == gerrit.PatchsetCreated && e.Patchset.Number > 1
}

// mayCommand tells whether a message may hold a command that some rule looks for, or an "ok to test".
func mayCommand(set *rules.Set, e gerrit.Event) bool {
	if e.Type != gerrit.CommentAdded {
		return false
	}
	return len(set.Commands(e.Server, e.Change.Project, e.Change.Branch)) > 0 || len(set.Maintained(e.Server, e.Change.Project, e.Change.Branch)) > 0
}

// fromChange identifies a Gerrit event by what Gerrit itself names, never by a number alone: a restored server
// gives numbers out again.
func fromChange(e gerrit.Event) (store.Event, error) {
	change := fmt.Sprintf("%s~%d", e.Server, e.Change.Number)
	named := e.Occurrence()
	if len(named) == 0 {
		return store.Event{}, fmt.Errorf("%s of %s names neither a revision nor a message nor a state", e.Type, change)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return store.Event{}, fmt.Errorf("encode %s of %s: %w", e.Type, change, err)
	}
	return store.Event{
		ID: ID(append([]string{"gerrit", change, e.Type}, named...)...), Source: "gerrit", Type: e.Type, Change: change,
		Time: e.Time, BodyVersion: 1, Body: bytes.TrimSpace(body),
	}, nil
}
