package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// What a task is, unless a test says so.
const (
	givenQueue     = "ci/linux"
	givenScheduler = "test-scheduler"
)

// again are the reasons by which a task with retries left runs again by itself.
var again = []string{"worker-shutdown", "claim-expired", "intermittent-task"}

// task has a task come to a state, and answers its id: the one of that name which the change's current patchset has, or
// a new one. Only the last thing that happens to it is news to the bot. groupID is a new task's; empty: its patchset's.
func (w *bench) task(word string, f ruletest.TaskFields, groupID string) (string, error) {
	t, ok := w.taskNamed(f.Name)
	if !ok {
		id, err := w.newTask(word, f, groupID)
		if err != nil {
			return "", err
		}
		t, _ = w.tasks.Task(id)
	} else if !sameTags(f.Tags, t.Definition.Tags) {
		return "", wrong("the task %s is there with other tags: %v", f.Name, t.Definition.Tags)
	}
	w.queue.settled[t.Status.TaskGroupID] = false
	if err := w.toRun(t, f); err != nil {
		return "", err
	}
	if word != "pending" {
		w.takeHeard()
	}
	return t.ID, w.come(t.ID, f)
}

// come has a pending task come to its state.
func (w *bench) come(id string, f ruletest.TaskFields) error {
	switch {
	case f.State == taskcluster.Pending || f.State == taskcluster.Unscheduled:
		return nil
	case f.State == taskcluster.Exception && f.Reason == "canceled":
		return w.tasks.Cancel(id)
	case f.State == taskcluster.Exception && f.Reason == "deadline-exceeded":
		return w.tasks.MissDeadline(id)
	}
	run, err := w.tasks.Start(id)
	if err != nil || f.State == taskcluster.Running {
		return err
	}
	for name, text := range f.Artifacts {
		if err := w.tasks.AddArtifact(id, run, name, taskclustertest.Artifact{Content: []byte(text), ContentType: "text/plain; charset=utf-8"}); err != nil {
			return err
		}
	}
	w.takeHeard()
	return w.tasks.Resolve(id, run, f.State, f.Reason)
}

// taskNamed is the task of that name which the current patchset got last.
func (w *bench) taskNamed(name string) (taskclustertest.Task, bool) {
	for _, t := range slices.Backward(w.tasks.Tasks()) {
		link, given := w.links.made[[2]string{"task", t.ID}]
		mine := given && link.Patchset == w.patchset || changeOf(t) == place{w.change, w.patchset}
		if t.Definition.Metadata.Name == name && mine {
			return t, true
		}
	}
	return taskclustertest.Task{}, false
}

func (w *bench) newTask(word string, f ruletest.TaskFields, groupID string) (string, error) {
	scheduler := cmp.Or(f.SchedulerID, givenScheduler)
	id := taskcluster.TaskIDFrom(fmt.Appendf(nil, "test task %s %d %d", f.Name, w.patchset, len(w.tasks.Tasks())))
	groupID = cmp.Or(groupID, w.groupOf(scheduler))
	definition := map[string]any{
		"taskQueueId": cmp.Or(f.TaskQueueID, givenQueue), "schedulerId": scheduler, "taskGroupId": groupID,
		"metadata": map[string]any{"name": f.Name, "description": "Made by a test", "owner": "owner@example.org", "source": reviewURL},
	}
	for key, value := range map[string]any{"tags": f.Tags, "routes": f.Routes, "extra": f.Extra, "payload": f.Payload, "projectId": f.ProjectID} {
		if text, err := json.Marshal(value); err == nil && string(text) != "null" && string(text) != `""` {
			definition[key] = value
		}
	}
	if f.State == taskcluster.Unscheduled {
		definition["dependencies"] = []string{id} // it waits for somebody to schedule it
	}
	if word != "exception" && slices.Contains(again, f.Reason) {
		definition["retries"] = 0 // else it would not have settled
	}
	if err := w.tasks.AddTask(id, definition); err != nil {
		return "", wrong("Taskcluster refuses the task %s: %v", f.Name, err)
	}
	if f.Linked == nil || *f.Linked {
		w.belongs("task", id)
		w.belongs("group", groupID)
	}
	return id, nil
}

// groupOf is the group of the current patchset's tasks of a scheduler.
func (w *bench) groupOf(scheduler string) string {
	return taskcluster.TaskIDFrom(fmt.Appendf(nil, "test group %d %s", w.patchset, scheduler))
}

// toRun brings a task to where the run that is meant is pending. Runs before it failed.
func (w *bench) toRun(t taskclustertest.Task, f ruletest.TaskFields) error {
	latest := len(t.Status.Runs) - 1
	run := latest
	if t.Status.Final() {
		run = latest + 1
	}
	if f.Run != nil {
		run = *f.Run
	}
	if run < latest || run == latest && t.Status.Final() {
		return wrong("run %d of %s has ended already; the next is %d", run, f.Name, latest+1)
	}
	for ; latest < run; latest++ {
		if !t.Status.Final() {
			if err := w.come(t.ID, ruletest.TaskFields{State: taskcluster.Failed, Reason: "failed"}); err != nil {
				return err
			}
		}
		if err := w.tasks.Rerun(t.ID); err != nil {
			return err
		}
		t, _ = w.tasks.Task(t.ID)
	}
	if t.Status.State == taskcluster.Running {
		return wrong("run %d of %s is running: a step that ends it can't begin it again", latest, f.Name)
	}
	return nil
}

// group has a group settle, or be stuck, and tells of it; alone, as if the bot had heard of its tasks before.
func (w *bench) group(g ruletest.GroupStep, alone bool) error {
	id := ""
	var heard []pulse.Message
	for _, f := range g.Tasks {
		taskID, err := w.task(g.Group, f, "")
		if err != nil {
			return err
		}
		heard = append(heard, w.takeHeard()...)
		t, _ := w.tasks.Task(taskID)
		if id != "" && t.Status.TaskGroupID != id {
			return wrong("the tasks are of two groups: %s is in another one than those before it", f.Name)
		}
		id = t.Status.TaskGroupID
	}
	scheduler, stuck := "", false
	for _, t := range w.tasks.Tasks() {
		_, given := w.links.made[[2]string{"group", t.Status.TaskGroupID}]
		if id == "" && (given || changeOf(t) == place{w.change, w.patchset}) {
			id = t.Status.TaskGroupID
		}
		if t.Status.TaskGroupID != id {
			continue
		}
		scheduler = t.Status.SchedulerID
		switch waiting := t.Status.State == taskcluster.Unscheduled; {
		case t.Status.Final():
		case g.Group == "stuck" && waiting:
			stuck = true
		case g.Group == "stuck":
			return wrong("the group can't be stuck: its task %s is %s. Say below tasks what becomes of it", t.Definition.Metadata.Name, t.Status.State)
		case !waiting:
			return wrong("the group can't have settled: its task %s is %s. Say below tasks what becomes of it", t.Definition.Metadata.Name, t.Status.State)
		}
	}
	if id == "" {
		return wrong("the change has no tasks yet: write them below tasks, each with name and state")
	}
	if g.Group == "stuck" && !stuck {
		return wrong("the group can't be stuck: all its tasks are over. Write {name: …, state: unscheduled} below tasks")
	}
	w.queue.settled[id] = true
	for _, m := range heard {
		if !alone {
			w.receive(m)
		}
	}
	body, err := json.Marshal(map[string]any{"taskGroupId": id, "schedulerId": scheduler, "version": 1})
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	exchange, _ := rules.ExchangeName("", "queue/task-group-resolved")
	w.hear(exchange, strings.Join([]string{"primary", id, scheduler, "_"}, "."), nil, body)
	return nil
}
