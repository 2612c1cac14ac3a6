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
	status := t.snapshot()
	if exchange == "task-defined" {
		// The real one says so even of a task that is scheduled at once.
		status.State, status.Runs = taskcluster.Unscheduled, []taskcluster.Run{}
	}
	payload := map[string]any{
		"status": status, "task": map[string]any{"tags": t.definition["tags"]}, "version": 1,
	}
	runID, workerGroup, workerID := "_", "_", "_"
	if run >= 0 {
		r := t.status.Runs[run]
		payload["runId"] = run
		runID = strconv.Itoa(run)
		if r.WorkerID != "" {
			payload["workerGroup"], payload["workerId"] = r.WorkerGroup, r.WorkerID
			workerGroup, workerID = r.WorkerGroup, r.WorkerID
		}
		if exchange == "task-running" {
			payload["takenUntil"] = r.TakenUntil
		}
	}
	cc := []string{}
	for _, route := range t.task.Routes {
		cc = append(cc, "route."+route)
	}
	s.send(exchange, []string{
		t.status.TaskID, runID, workerGroup, workerID, t.status.ProvisionerID, t.status.WorkerType, t.status.SchedulerID, t.status.TaskGroupID,
	}, cc, payload)
}

// announceGroup puts task-group-resolved into the outbox. Task routes don't
// reach the messages of groups.
func (s *Server) announceGroup(g *group) {
	s.send("task-group-resolved", []string{g.id, g.schedulerID}, []string{}, map[string]any{
		"taskGroupId": g.id, "schedulerId": g.schedulerID, "expires": g.expires, "version": 1,
	})
}

func (s *Server) send(exchange string, key, cc []string, payload any) {
	body, err := json.Marshal(payload)
	if err != nil {
		panic(err) // payloads are made here, of what JSON has
	}
	s.outbox = append(s.outbox, message{
		exchange:   s.config.ExchangePrefix + "queue/v1/" + exchange,
		routingKey: "primary." + strings.Join(key, ".") + "._",
		cc:         cc,
		body:       body,
	})
}
