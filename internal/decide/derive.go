package decide

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/taskcluster"
)

// derive asks what a message of the queue leads to: a run that ended, a task that settled, a look at a group. A
// message is only the reason to look; what is told is what the queue says now. It answers true when it looked.
func (d *Decider) derive(ctx context.Context, active Active, s *subject, f *facts.Session, now time.Time, v *store.Verdict) (bool, error) {
	switch {
	case s.Source == "group" && s.Type == Look:
		return d.lookAtGroup(ctx, active, s, f, now, v)
	case s.Source == "task" && (s.Type == Look || s.Type != "settled" && active.Set.Reruns()):
		return true, d.deriveSettled(ctx, active, s, f, v)
	}
	if s.Source == "gerrit" {
		return d.hear(ctx, active, s, f, now, v)
	}
	if s.Source != "pulse" {
		return false, nil
	}
	task, group := active.Set.Derives(s.exchange)
	awaits := active.Set.Awaits(s.exchange)
	if !task && !group && !awaits || d.longAgo(s, now) || d.beforeAll(active, s) {
		return false, nil
	}
	if task && s.TaskID != "" {
		if err := d.deriveTask(ctx, active, s, f, v); err != nil {
			return false, err
		}
	}
	if awaits {
		if err := d.heardOf(ctx, active, s, v); err != nil {
			return false, err
		}
	}
	if group && s.GroupID != "" {
		v.Heard = append(v.Heard, hearing(s.GroupID, d.Quiet, Derived{GroupID: s.GroupID, Routes: s.routes(), Event: s.Body}))
	}
	return true, nil
}

func (d *Decider) longAgo(s *subject, now time.Time) bool {
	return now.Sub(s.Time) > d.maxAge()
}

// beforeAll tells whether every rule on tasks and groups began after the event, so that nobody would answer what
// is derived: an old backlog is not asked about.
func (d *Decider) beforeAll(active Active, s *subject) bool {
	for key, begin := range active.Begins {
		if (key.Source == "task" || key.Source == "group") && !s.Time.Before(begin) {
			return false
		}
	}
	return true
}

func (d *Decider) deriveTask(ctx context.Context, active Active, s *subject, f *facts.Session, v *store.Verdict) error {
	// A run that ended, as the message says.
	if word := strings.TrimPrefix(s.Type, "queue/task-"); active.Set.Wants("task", word) {
		e := d.derivedTask(s, word, s.about().Run, s.Time)
		v.Derived = append(v.Derived, e)
		if active.Set.Reruns() {
			return nil // what is decided about the run may be a rerun: whether the task is settled is looked at with it
		}
	}
	return d.deriveSettled(ctx, active, s, f, v)
}

func (d *Decider) deriveSettled(ctx context.Context, active Active, s *subject, f *facts.Session, v *store.Verdict) error {
	if !active.Set.Wants("task", "settled") {
		return nil
	}
	status, err := f.Status(ctx)
	if errors.Is(err, facts.ErrNone) {
		return nil // the task expired: nobody can settle it any more
	}
	if err != nil {
		return err
	}
	run, ok := settledRun(status)
	if !ok {
		return nil
	}
	v.Derived = append(v.Derived, d.derivedTask(s, "settled", run.RunID, resolved(run)))
	return nil
}

// settledRun is the latest run of a task whose state is final.
func settledRun(status *taskcluster.TaskStatus) (taskcluster.Run, bool) {
	if !status.Final() {
		return taskcluster.Run{}, false
	}
	return status.LatestRun()
}

func resolved(run taskcluster.Run) time.Time { return time.Time(run.Resolved) }

func (d *Decider) derivedTask(s *subject, word string, run int, at time.Time) store.Event {
	message := s.Body
	if s.derived != nil {
		message = s.derived.Event
	}
	body, _ := json.Marshal(Derived{TaskID: s.TaskID, GroupID: s.GroupID, Run: run, State: word, Routes: s.routes(), Event: message}) // JSON that was read before
	return store.Event{
		ID:     ingest.ID("task", word, s.TaskID, strconv.Itoa(run), at.UTC().Format(time.RFC3339Nano)),
		Source: "task", Type: word, TaskID: s.TaskID, GroupID: s.GroupID, RoutingKey: s.RoutingKey,
		Time: at, State: store.EventReceived, SetHash: s.SetHash, Parent: s.ID, BodyVersion: 1, Body: body,
	}
}

// superseded tells why an event of a task or group is no longer the news: what it tells is looked at again, with
// the facts that the rules get.
func (d *Decider) superseded(ctx context.Context, s *subject, f *facts.Session) (string, error) {
	if s.derived == nil {
		return "", nil
	}
	switch {
	case s.Source == "task" && s.Type == "settled":
		status := f.KnownStatus()
		if status == nil {
			return "", nil
		}
		if run, ok := settledRun(status); !ok || run.RunID != s.derived.Run {
			return fmt.Sprintf("settled: run %d is no longer the latest, or it is not final", s.derived.Run), nil
		}
	case s.Source == "group" && f.KnownGroupTasks() != nil:
		v, err := s.view(ctx, f)
		if err != nil {
			return "", err
		}
		if v.hash != s.derived.Hash {
			return s.Type + ": the group has changed since", nil
		}
	}
	return "", nil
}

// renewOpinions looks after what stood on the patchset before a new one: where the code is the same the opinions
// are kept, else they have ended; either way the change is looked at again.
func (d *Decider) renewOpinions(ctx context.Context, active Active, s *subject, f *facts.Session, v *store.Verdict, now time.Time) error {
	if s.Source != "gerrit" || s.Type != gerrit.PatchsetCreated || s.change.Patchset.Number < 2 || d.Shadow {
		return nil
	}
	c := s.change
	v.Again = append(v.Again, fmt.Sprintf("%s~%d", c.Server, c.Change.Number)) // what waits is about an older one by now
	opinions, err := d.Store.Opinions(ctx, c.Server, c.Change.Number)
	if err != nil {
		return err
	}
	awaited, err := d.Store.AwaitedOn(ctx, c.Server, c.Change.Number)
	if err != nil || len(opinions)+len(awaited) == 0 {
		return err
	}
	said := opinions
	for _, a := range awaited {
		said = append(said, store.Opinion{Patchset: a.Patchset, Revision: a.Revision})
	}
	before, err := d.kept(ctx, s, f, said)
	if err != nil {
		return err
	}
	if before != "" {
		if err := d.stillStands(ctx, active, s, before, opinions, now, v); err != nil {
			return err
		}
		v.Kept = append(v.Kept, store.Carry{Server: c.Server, Change: c.Change.Number, Patchset: c.Patchset.Number, From: before, To: c.Patchset.Revision})
	}
	version, body, err := deliver.Args{}.Encode()
	if err != nil {
		return err
	}
	v.Actions = append(v.Actions, store.Action{
		ID:      ingest.ID("action", s.ID, "", "", deliver.KindReconcile),
		EventID: s.ID, Key: deliver.KindReconcile, Kind: deliver.KindReconcile, State: store.ActionPending,
		Lane:   fmt.Sprintf("%s~%d", c.Server, c.Change.Number),
		Server: c.Server, Change: c.Change.Number, Patchset: c.Patchset.Number, Revision: c.Patchset.Revision,
		Project: c.Change.Project, Branch: c.Change.Branch, ArgsVersion: version, Args: body, Created: now,
	})
	return nil
}

// kept is the revision whose opinions count for a new patchset too: the latest before it that has any, if every
// patchset from there on has the same code. Events may be decided in any order, so the one just before may not have
// been given its opinions yet.
func (d *Decider) kept(ctx context.Context, s *subject, f *facts.Session, opinions []store.Opinion) (revision string, err error) {
	c := s.change
	if !sameCode(c.Patchset.Kind) {
		return "", nil
	}
	info, err := f.Change(ctx, store.Link{Server: c.Server, Project: c.Change.Project, Change: c.Change.Number})
	if errors.Is(err, facts.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	kinds := map[int]string{}
	for _, r := range info.Revisions {
		kinds[r.PatchSetNumber] = r.Kind
	}
	for number := c.Patchset.Number - 1; number > 0; number-- {
		for _, o := range opinions {
			if o.Patchset == number {
				return o.Revision, nil
			}
		}
		if !sameCode(kinds[number]) {
			return "", nil
		}
	}
	return "", nil
}

func sameCode(kind string) bool { return kind == "NO_CODE_CHANGE" || kind == "NO_CHANGE" }
