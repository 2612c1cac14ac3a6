package taskclustertest_test

import (
	"strings"
	"time"

	"verdict/taskcluster"
)

// call repeats the call of the session that has this name.
func (s *session) call(name string) (int, any) {
	s.t.Helper()
	for prefix, do := range map[string]func(reason string) (int, any){
		"createTask-ex-": func(reason string) (int, any) { return s.create(reason, map[string]any{"retries": 1}) },
		"claim-ex-":      func(string) (int, any) { return s.claim() },
		"reportException-2-": func(reason string) (int, any) {
			s.claim()
			return s.report(reason, 1, "exception", map[string]any{"reason": reason})
		},
		"status-after2-": func(reason string) (int, any) { return s.status(reason) },
		"status-after-":  func(reason string) (int, any) { return s.status(reason) },
	} {
		if reason, ok := strings.CutPrefix(name, prefix); ok {
			return do(reason)
		}
	}
	if reason, ok := strings.CutPrefix(name, "reportException-"); ok {
		return s.report(reason, 0, "exception", map[string]any{"reason": reason})
	}
	if do := calls[name]; do != nil {
		return do(s)
	}
	if changes := refused[name]; changes != nil {
		return s.create(name, changes(s))
	}
	s.t.Fatalf("the test doesn't know how to repeat %q", name)
	return 0, nil
}

func (s *session) status(task string) (int, any) {
	return s.send("GET", "queue/v1/task/"+s.ids[task]+"/status", nil)
}

// at moves a time of a definition.
func at(field string, d time.Duration) map[string]any {
	return map[string]any{"taskGroupId": nil, field: taskcluster.Time(time.Now().Add(d))}
}

// refused are the tasks that weren't created.
var refused = map[string]func(*session) map[string]any{
	"createTask-missing-dep": func(*session) map[string]any {
		return map[string]any{"dependencies": []string{taskcluster.NewID()}}
	},
	"createTask-in-sealed":               func(*session) map[string]any { return map[string]any{} },
	"createTask-deadline-6d":             func(*session) map[string]any { return at("deadline", 6*24*time.Hour) },
	"createTask-created-old":             func(*session) map[string]any { return at("created", -time.Hour) },
	"createTask-expires-before-deadline": func(*session) map[string]any { return at("expires", time.Minute) },
	"createTask-extra-prop":              func(*session) map[string]any { return map[string]any{"foo": 1} },
	"createTask-dup-routes":              func(*session) map[string]any { return map[string]any{"routes": []string{"a", "a"}} },
	"createTask-other-scheduler-in-group": func(*session) map[string]any {
		return map[string]any{"schedulerId": "bot-2"}
	},
	"route-too-long": func(*session) map[string]any { return map[string]any{"routes": []string{strings.Repeat("r", 250)}} },
	"routes-65": func(*session) map[string]any {
		var many []string
		for range 65 {
			many = append(many, taskcluster.NewID())
		}
		return map[string]any{"routes": many}
	},
}

var first map[string]any // the first task's definition, which is sent several times

// calls are those whose names say nothing that could be worked out.
var calls = map[string]func(*session) (int, any){
	"createTask": func(s *session) (int, any) {
		first = s.definition(nil)
		s.ids["first"] = taskcluster.NewID()
		return s.again(nil)
	},
	"createTask-again-same": func(s *session) (int, any) { return s.again(nil) },
	"createTask-again-different": func(s *session) (int, any) {
		return s.again(map[string]any{"metadata": map[string]any{"name": "other", "description": "d", "owner": "a@example.com", "source": "https://example.com/x"}})
	},
	"createTask-again-same-semantics-route-order": func(s *session) (int, any) {
		return s.again(map[string]any{"routes": []string{"bot.gerrit.12345", "index.lab.x.latest"}})
	},
	"claimWork": (*session).claim,
	"createArtifact-link": func(s *session) (int, any) {
		return s.artifact("public/latest.log", map[string]any{"storageType": "link", "artifact": "public/live.log", "contentType": "text/plain"})
	},
	"createArtifact-reference": func(s *session) (int, any) {
		return s.artifact("public/ref", map[string]any{"storageType": "reference", "url": "https://example.com/a", "contentType": "text/plain"})
	},
	"createArtifact-error": func(s *session) (int, any) {
		return s.artifact("public/err", map[string]any{"storageType": "error", "reason": "file-missing-on-worker", "message": "nope"})
	},
	"reclaimTask":           func(s *session) (int, any) { return s.report("first", 0, "reclaim", nil) },
	"reportCompleted":       func(s *session) (int, any) { return s.report("first", 0, "completed", nil) },
	"reportCompleted-again": func(s *session) (int, any) { return s.report("first", 0, "completed", nil) },
	"reportFailed-after-completed": func(s *session) (int, any) {
		return s.report("first", 0, "failed", nil)
	},
	"index.findTask": func(s *session) (int, any) { return s.send("GET", "index/v1/task/lab.x.latest", nil) },
	"listTaskGroup":  func(s *session) (int, any) { return s.ofGroup("GET", "/list", nil) },
	"createTask-2":   func(s *session) (int, any) { return s.create("second", nil) },
	"claimWork-2":    (*session).claim,
	"reportFailed":   func(s *session) (int, any) { return s.report("second", 0, "failed", nil) },
	"rerunTask":      func(s *session) (int, any) { return s.step("second", "rerun", nil) },
	"rerunTask-while-pending": func(s *session) (int, any) {
		return s.step("second", "rerun", nil)
	},
	"claimWork-2b":      (*session).claim,
	"reportCompleted-2": func(s *session) (int, any) { return s.report("second", 1, "completed", nil) },
	"createTask-cancel": func(s *session) (int, any) { return s.create("cancelled", nil) },
	"cancelTask":        func(s *session) (int, any) { return s.step("cancelled", "cancel", nil) },
	"cancelTask-again":  func(s *session) (int, any) { return s.step("cancelled", "cancel", nil) },
	"createTask-cancel-run": func(s *session) (int, any) {
		defer s.claim()
		return s.create("stopped", nil)
	},
	"cancelTask-running": func(s *session) (int, any) { return s.step("stopped", "cancel", nil) },
	"reportCompleted-after-cancel": func(s *session) (int, any) {
		return s.report("stopped", 0, "completed", nil)
	},
	"createTask-dep": func(s *session) (int, any) { return s.create("needed", nil) },
	"createTask-child": func(s *session) (int, any) {
		return s.create("child", map[string]any{"dependencies": []string{s.ids["needed"]}})
	},
	"status-child": func(s *session) (int, any) { return s.status("child") },
	"reportFailed-dep": func(s *session) (int, any) {
		s.claim()
		return s.report("needed", 0, "failed", nil)
	},
	"createTask-prio": func(s *session) (int, any) { return s.create("prio", nil) },
	"changeTaskPriority": func(s *session) (int, any) {
		return s.step("prio", "priority", map[string]any{"newPriority": "low"})
	},
	"changeTaskGroupPriority": func(s *session) (int, any) {
		return s.ofGroup("POST", "/priority", map[string]any{"newPriority": "medium"})
	},
	"reportCompleted-prio": func(s *session) (int, any) {
		s.claim()
		return s.report("prio", 0, "completed", nil)
	},
	"status-child-after-deadline": func(s *session) (int, any) {
		if err := s.server.MissDeadline(s.ids["child"]); err != nil {
			s.t.Fatal(err)
		}
		return s.status("child")
	},
	"sealTaskGroup":   func(s *session) (int, any) { return s.ofGroup("POST", "/seal", nil) },
	"getTaskGroup":    func(s *session) (int, any) { return s.ofGroup("GET", "", nil) },
	"cancelTaskGroup": func(s *session) (int, any) { return s.ofGroup("POST", "/cancel", nil) },
	"createTask-bad-slug": func(s *session) (int, any) {
		return s.send("PUT", "queue/v1/task/not-a-slug", s.definition(map[string]any{"taskGroupId": nil}))
	},
	"status-unknown": func(s *session) (int, any) {
		return s.send("GET", "queue/v1/task/"+taskcluster.NewID()+"/status", nil)
	},
	"big-task":    func(s *session) (int, any) { return s.big(1 << 20) },
	"big-task-ok": func(s *session) (int, any) { return s.big(100 << 10) },
}

// again sends the first task's definition once more.
func (s *session) again(changes map[string]any) (int, any) {
	definition := map[string]any{}
	for _, fields := range []map[string]any{first, changes} {
		for k, v := range fields {
			definition[k] = v
		}
	}
	return s.send("PUT", "queue/v1/task/"+s.ids["first"], definition)
}

func (s *session) artifact(name string, payload map[string]any) (int, any) {
	payload["expires"] = taskcluster.Time(time.Now().Add(24 * time.Hour))
	return s.report("first", 0, "artifacts/"+name, payload)
}

func (s *session) ofGroup(method, rest string, body any) (int, any) {
	return s.send(method, "queue/v1/task-group/"+s.group+rest, body)
}

func (s *session) step(task, verb string, body any) (int, any) {
	return s.send("POST", "queue/v1/task/"+s.ids[task]+"/"+verb, body)
}

func (s *session) big(size int) (int, any) {
	return s.create("big", map[string]any{"taskGroupId": nil, "payload": map[string]any{"text": strings.Repeat("x", size)}})
}
