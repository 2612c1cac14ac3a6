package decide

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
)

// Look is the type of an event that has a task or a group looked at; no rule sees it.
const Look = "look"

// A group that hasn't settled is looked at again though nothing is heard of it, the more seldom the longer it stays as
// it is: a message may have been lost. After unchanged every deadline is over, and nobody looks any more.
const (
	soonest   = 5 * time.Minute
	latest    = time.Hour
	unchanged = 7 * 24 * time.Hour
	// unborn is for how long a group that the bot is to make is looked for.
	unborn = 24 * time.Hour
)

// hearing has a group looked at, so long after now.
func hearing(groupID string, after time.Duration, heard Derived) store.HeardGroup {
	body, _ := json.Marshal(heard) // JSON that was read before
	return store.HeardGroup{GroupID: groupID, After: after, BodyVersion: 1, Body: body}
}

// made has the groups looked at that tasks are about to be created in: nobody need tell of them.
func (d *Decider) made(active Active, links []store.Link) []store.HeardGroup {
	var out []store.HeardGroup
	for _, l := range links {
		if l.Kind == "group" && watches(active) {
			out = append(out, hearing(l.ID, soonest, unheard(l.ID)))
		}
	}
	return out
}

// unheard is what is told of a group that no message told of.
func unheard(groupID string) Derived {
	event, _ := json.Marshal(map[string]string{"taskGroupId": groupID}) // texts
	return Derived{GroupID: groupID, Event: event}
}

func watches(active Active) bool {
	return active.Set.Wants("group", "settled") || active.Set.Wants("group", "stuck")
}

// Look is the event of a look that is due. Its identity is when it was due, so that it is one however many replicas
// see that.
func (d *Decider) Look(g store.GroupState) store.Event {
	due := unheard(g.GroupID)
	if g.BodyVersion == 1 && len(g.Body) > 0 {
		_ = json.Unmarshal(g.Body, &due) // we wrote it
	}
	due.State, due.Swept = Look, !g.Heard
	body, _ := json.Marshal(due) // JSON that was read before
	return store.Event{
		ID:     ingest.ID("group", Look, g.GroupID, strconv.FormatInt(g.Due.UnixMilli(), 10)),
		Source: "group", Type: Look, GroupID: g.GroupID, Time: g.Due, State: store.EventReceived, BodyVersion: 1, Body: body,
	}
}

// lookAtGroup compares a group with what was last known of it. Each change has a generation of its own; one that has
// been as it is for long enough is an event, once. It tells whether there was anything to tell.
func (d *Decider) lookAtGroup(ctx context.Context, active Active, s *subject, f *facts.Session, now time.Time, v *store.Verdict) (bool, error) {
	if !watches(active) {
		return false, nil
	}
	known, _, err := d.Store.Group(ctx, s.GroupID)
	if err != nil {
		return false, err
	}
	seen, err := s.view(ctx, f)
	if errors.Is(err, facts.ErrNone) {
		if age := now.Sub(known.Since); known.Hash == "" && age < unborn {
			known.Due = now.Add(pause(age))
			v.Groups = append(v.Groups, known)
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	state := known
	state.GroupID, state.Due = s.GroupID, time.Time{}
	if seen.hash != known.Hash {
		state = store.GroupState{GroupID: s.GroupID, Hash: seen.hash, Generation: known.Generation + 1, Since: now}
		if s.derived.Swept && known.Hash != "" {
			d.Log.Info().Str("event", s.ID).Str("group", s.GroupID).Msg("a look at a group found what no message told")
		}
	}
	if state.Since.IsZero() { // an earlier release saw it
		state.Since = now
	}
	word := d.judge(seen, &state, now)
	v.Groups = append(v.Groups, state)
	if err := d.await(ctx, active, s, f, state, v); err != nil {
		return false, err
	}
	if word == "" || !active.Set.Wants("group", word) {
		return false, nil
	}
	v.Derived = append(v.Derived, d.derivedGroup(s, word, seen, state, now))
	return true, nil
}

// judge tells what has to be told of a group, "" if nothing, and when it is looked at next.
func (d *Decider) judge(seen view, state *store.GroupState, now time.Time) (word string) {
	rested := now.Sub(state.Since)
	switch {
	case state.Settled:
		return ""
	case seen.settled && rested >= d.Quiet:
		state.Settled = true
		return "settled"
	case seen.settled:
		state.Due = state.Since.Add(d.Quiet)
		return ""
	}
	if rested < unchanged {
		state.Due = now.Add(pause(rested))
	}
	if !seen.idle || state.Stuck {
		return ""
	}
	if rested < d.Stuck {
		if at := state.Since.Add(d.Stuck); at.Before(state.Due) {
			state.Due = at
		}
		return ""
	}
	state.Stuck = true
	return "stuck"
}

func pause(rested time.Duration) time.Duration { return min(max(rested, soonest), latest) }

// derivedGroup is the event of a group that settled, when the last of its tasks did, or that is stuck, now.
func (d *Decider) derivedGroup(s *subject, word string, seen view, state store.GroupState, now time.Time) store.Event {
	parts, at := []string{"group", s.GroupID, seen.hash, strconv.FormatInt(state.Generation, 10)}, seen.at
	if word == "stuck" {
		parts, at = append(parts, word), now
	}
	body, _ := json.Marshal(Derived{ // JSON that was read before
		GroupID: s.GroupID, State: word, Hash: seen.hash, Generation: state.Generation, Routes: s.routes(), Event: s.derived.Event, Swept: s.derived.Swept,
	})
	return store.Event{
		ID: ingest.ID(parts...), Source: "group", Type: word, GroupID: s.GroupID, Time: at, State: store.EventReceived,
		SetHash: s.SetHash, Parent: s.ID, BodyVersion: 1, Body: body,
	}
}
