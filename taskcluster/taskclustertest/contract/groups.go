package contract

import (
	"net/http"
	"testing"

	"verdict/taskcluster"
)

func testListTaskGroup(t *testing.T, env Env) {
	group := taskcluster.NewID()
	want := map[string]bool{}
	for range 3 {
		id := taskcluster.NewID()
		env.create(t, id, env.definition(map[string]any{"taskGroupId": group}))
		want[id] = true
	}
	got, err := env.queue(t).ListTaskGroup(t.Context(), group, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range got.Tasks {
		if !want[task.Status.TaskID] || task.Task.Metadata.Name != "contract" || task.Status.State != taskcluster.Pending {
			t.Errorf("%+v isn't one of the group's pending tasks", task)
		}
		delete(want, task.Status.TaskID)
	}
	if len(want) != 0 || got.TaskGroupID != group || got.SchedulerID != env.SchedulerID {
		t.Errorf("group %s of %s lacks %v", got.TaskGroupID, got.SchedulerID, want)
	}
	path := "/api/queue/v1/task-group/" + group + "/list?limit=2"
	page := env.call(t, http.MethodGet, path, nil)
	if tasks, _ := page.json["tasks"].([]any); len(tasks) > 2 || page.json["continuationToken"] == nil {
		t.Errorf("a page of 2 has %d tasks and token %v", len(tasks), page.json["continuationToken"])
	}
	lost := env.call(t, http.MethodGet, path+"&continuationToken=jGzmdv8vpK", nil)
	if tasks, _ := lost.json["tasks"].([]any); lost.status != 200 || len(tasks) == 0 {
		t.Errorf("an unknown token: %d with %d tasks, want page one", lost.status, len(tasks))
	}
	many := env.call(t, http.MethodGet, "/api/queue/v1/task-group/"+group+"/list?limit=5000", nil)
	if tasks, _ := many.json["tasks"].([]any); len(tasks) != 3 {
		t.Errorf("a limit beyond what is given: %d with %d tasks, want 3", many.status, len(tasks))
	}
}

// group creates a group of one task and is the group's path.
func (env Env) group(t *testing.T) (path, id string) {
	t.Helper()
	id = taskcluster.NewID()
	env.task(t, map[string]any{"taskGroupId": id})
	return "/api/queue/v1/task-group/" + id, id
}

func testSealTaskGroup(t *testing.T, env Env) {
	path, id := env.group(t)
	open := env.call(t, http.MethodGet, path, nil)
	if open.status != 200 || open.json["sealed"] != nil || open.json["schedulerId"] != env.SchedulerID || open.json["expires"] == nil {
		t.Errorf("an open group: %d %v", open.status, open.json)
	}
	sealed := env.call(t, http.MethodPost, path+"/seal", nil)
	again := env.call(t, http.MethodPost, path+"/seal", nil)
	if sealed.json["sealed"] == nil || sealed.json["sealed"] != again.json["sealed"] {
		t.Errorf("sealed at %v, and again at %v", sealed.json["sealed"], again.json["sealed"])
	}
	late := env.call(t, http.MethodPut, "/api/queue/v1/task/"+taskcluster.NewID(), env.definition(map[string]any{"taskGroupId": id}))
	late.expect(t, "a task for a sealed group", 409, "RequestConflict")
}

func testCancelTaskGroup(t *testing.T, env Env) {
	path, id := env.group(t)
	done := env.task(t, map[string]any{"taskGroupId": id})
	env.work(t, done, "0").report(t, "failed", "").expect(t, "fail one of two", 200, "")
	got := env.call(t, http.MethodPost, path+"/cancel", nil)
	if got.status != 200 || got.json["taskGroupSize"] != 2.0 || got.json["cancelledCount"] != 1.0 {
		t.Errorf("cancel a group: %d %v, want one of two cancelled", got.status, got.json)
	}
	again := env.call(t, http.MethodPost, path+"/cancel", nil)
	if again.status != 200 || again.json["cancelledCount"] != 0.0 {
		t.Errorf("cancel it again: %d %v, want nothing cancelled", again.status, again.json)
	}
	env.call(t, http.MethodPost, "/api/queue/v1/task-group/"+taskcluster.NewID()+"/cancel", nil).expect(t, "cancel no group", 404, "ResourceNotFound")
}

func testPriorities(t *testing.T, env Env) {
	path, id := env.group(t)
	task := env.task(t, map[string]any{"taskGroupId": id})
	got := env.call(t, http.MethodPost, task+"/priority", map[string]any{"newPriority": "low"})
	if status, _ := got.json["status"].(map[string]any); status["priority"] != "low" {
		t.Errorf("change a priority: %d %v, want low", got.status, status["priority"])
	}
	if def := env.call(t, http.MethodGet, task, nil); def.json["priority"] != "low" {
		t.Errorf("the definition says %v, want low", def.json["priority"])
	}
	env.call(t, http.MethodPost, task+"/priority", map[string]any{"newPriority": "normal"}).expect(t, "a priority that is none", 400, "InputValidationError")
	all := env.call(t, http.MethodPost, path+"/priority", map[string]any{"newPriority": "medium"})
	if all.status != 200 || all.json["tasksAffected"] != 2.0 || all.json["newPriority"] != "medium" {
		t.Errorf("change a group's: %d %v, want two tasks", all.status, all.json)
	}
}
