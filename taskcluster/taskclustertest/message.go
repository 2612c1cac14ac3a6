package taskclustertest

import (
	"encoding/json"
	"strconv"
	"strings"

	"verdict/taskcluster"
)

// message is one that waits to be published.
type message struct {
	exchange, routingKey string
	cc                   []string
	body                 []byte
}

// publish empties the outbox in order. What made the messages has released the
// server's lock, so a listener may take its time, but not call back.
func (s *Server) publish() {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.mu.Lock()
	waiting := s.outbox
	s.outbox = nil
	s.mu.Unlock()
	if s.config.Publish == nil {
		return
	}
	for _, m := range waiting {
		s.config.Publish(m.exchange, m.routingKey, m.cc, m.body)
	}
}

// announce puts a task's message into the outbox. run is the run it is about, or
// -1 for the task as a whole.
func (s *Server) announce(exchange string, t *task, run int) {
	payload := map[string]any{"status": t.snapshot(), "task": map[string]any{"tags": t.definition["tags"]}}
	if exchange == "task-defined" {
		// The real one says so even of a task that is scheduled at once.
		status := t.snapshot()
		status.State, status.Runs = taskcluster.Unscheduled, []taskcluster.Run{}
		payload["status"] = status
	}
	if exchange == "task-running" {
		payload["takenUntil"] = takenUntil(t, run)
	}
	s.sendTask(exchange, t, run, payload)
}

// announceCancelled tells of a task that was cancelled with its group: the status
// lacks the priority, and the tags are left out.
func (s *Server) announceCancelled(t *task, run int) {
	s.sendTask("task-exception", t, run, map[string]any{
		"status": fieldsLess(t.snapshot(), "priority"), "task": map[string]any{"tags": map[string]string{}},
	})
}

func (s *Server) announcePriority(t *task, old string) {
	s.sendTask("task-priority-changed", t, -1, map[string]any{
		"status": t.snapshot(), "oldPriority": old, "newPriority": t.status.Priority,
	})
}

func (s *Server) announceArtifact(t *task, run int, a *artifact) {
	s.sendTask("artifact-created", t, run, map[string]any{"status": t.snapshot(), "artifact": a.view()})
}

// sendTask sends a message about a task, to those too who wait for its routes.
func (s *Server) sendTask(exchange string, t *task, run int, payload map[string]any) {
	runID, workerGroup, workerID := "_", "_", "_"
	if run >= 0 {
		r := t.status.Runs[run]
		payload["runId"] = run
		runID = strconv.Itoa(run)
		if r.WorkerID != "" {
			payload["workerGroup"], payload["workerId"] = r.WorkerGroup, r.WorkerID
			workerGroup, workerID = r.WorkerGroup, r.WorkerID
		}
	}
	cc := []string{}
	for _, route := range t.task.Routes {
		cc = append(cc, "route."+route)
	}
	payload["version"] = 1
	s.send("queue", exchange, "primary."+strings.Join([]string{
		t.status.TaskID, runID, workerGroup, workerID, t.status.ProvisionerID, t.status.WorkerType, t.status.SchedulerID, t.status.TaskGroupID,
	}, ".")+"._", cc, payload)
}

// announceGroup sends a message about a group. Task routes don't reach those.
func (s *Server) announceGroup(exchange string, g *group, payload map[string]any) {
	payload["version"] = 1
	s.send("queue", exchange, "primary."+g.id+"."+g.schedulerID+"._", nil, payload)
}

// send puts a message into the outbox, unless [Server.LoseNext] or
// [Server.DelayNext] spoke of it.
func (s *Server) send(service, exchange, routingKey string, cc []string, payload any) {
	body, err := json.Marshal(payload)
	if err != nil {
		panic(err) // payloads are made here, of what JSON has
	}
	m := message{
		exchange:   s.config.ExchangePrefix + service + "/v1/" + exchange,
		routingKey: routingKey,
		cc:         nonNil(cc),
		body:       body,
	}
	switch {
	case take(s.losing, exchange):
	case take(s.delaying, exchange):
		s.delayed = append(s.delayed, m)
	default:
		s.outbox = append(s.outbox, m)
	}
}

// fieldsLess is what JSON has of a value, less some fields.
func fieldsLess(value any, fields ...string) map[string]any {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // payloads are made here, of what JSON has
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err) // it is an object
	}
	for _, field := range fields {
		delete(all, field)
	}
	return all
}
