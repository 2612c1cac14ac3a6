package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/app/admin"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
	"verdict/taskcluster"
)

// File is an event that was read from a file.
type File struct {
	Event store.Event
	// Recording is set where the file has facts too.
	Recording *Recording
}

// ReadFile reads an event: what bot events show --json prints, a recording, a message with exchange, routingKey and
// payload, as bot taskcluster listen --json prints it, or a tick with cron, query, zone and server.
func ReadFile(ctx context.Context, data []byte, exchangePrefix string) (File, error) {
	var kind struct {
		Recording int
		Source    string
		Exchange  string
		Cron      string
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return File{}, fmt.Errorf("it is not JSON: %w", err)
	}
	switch {
	case kind.Recording != 0:
		r, err := ParseRecording(data)
		return File{Event: r.Event.Stored(), Recording: &r}, err
	case kind.Source != "":
		return ofDetail(data)
	case kind.Exchange != "":
		ev, err := ofMessage(ctx, data, exchangePrefix)
		return File{Event: ev}, err
	case kind.Cron != "":
		ev, err := ofTick(data)
		return File{Event: ev}, err
	}
	return File{}, errors.New("it is no event: it has neither source, as bot events show --json writes it, nor exchange with routingKey and payload, nor cron")
}

// ofTick is a tick that comes now where it doesn't say when.
func ofTick(data []byte) (store.Event, error) {
	var t ingest.Tick
	if err := json.Unmarshal(data, &t); err != nil {
		return store.Event{}, fmt.Errorf("read the tick: %w", err)
	}
	if t.Scheduled.IsZero() {
		t.Scheduled = time.Now().Truncate(time.Minute)
	}
	t.Zone = cmp.Or(t.Zone, "UTC")
	return ingest.TickEvent(t.Of(), t.Scheduled)
}

func ofDetail(data []byte) (File, error) {
	var e admin.EventDetail
	if err := json.Unmarshal(data, &e); err != nil {
		return File{}, fmt.Errorf("read the event: %w", err)
	}
	r, err := Record(e)
	if err != nil {
		return File{}, err
	}
	f := File{Event: r.Event.Stored()}
	if string(r.Facts) != "{}" {
		f.Recording = &r
	}
	return f, nil
}

// Message is a message as it is published.
type Message struct {
	Exchange   string          `json:"exchange"`
	RoutingKey string          `json:"routingKey"`
	Routes     []string        `json:"routes"`
	Payload    json.RawMessage `json:"payload"`
}

func ofMessage(ctx context.Context, data []byte, prefix string) (store.Event, error) {
	var m Message
	if err := json.Unmarshal(data, &m); err != nil {
		return store.Event{}, fmt.Errorf("read the message: %w", err)
	}
	if len(m.Payload) == 0 {
		return store.Event{}, errors.New("the message has no payload")
	}
	prefix = cmp.Or(prefix, rules.DefaultExchangePrefix)
	exchange, ok := rules.ExchangeName(prefix, m.Exchange)
	if !ok {
		return store.Event{}, fmt.Errorf("no exchange of Taskcluster's is called %q", m.Exchange)
	}
	m.Exchange = exchange
	return m.event(ctx, prefix)
}

// event makes an event of a message, as taking it in does.
func (m Message) event(ctx context.Context, prefix string) (store.Event, error) {
	taken := &taken{}
	in := ingest.Inbox{Store: taken, Rules: noRules, ExchangePrefix: prefix}
	err := in.AcceptMessages(ctx, []pulse.Message{{Exchange: m.Exchange, RoutingKey: m.RoutingKey, Routes: m.Routes, Body: m.Payload, Received: time.Now()}})
	return taken.only(err)
}

// OfTask is the message that the queue last sent of a task, made of what it says now.
func OfTask(ctx context.Context, status *taskcluster.TaskStatus, task *taskcluster.Task, prefix string) (store.Event, error) {
	payload := map[string]any{"status": status, "task": map[string]any{"tags": task.Tags}, "version": 1}
	runID, group, worker := "_", "_", "_"
	if run, ok := status.LatestRun(); ok {
		payload["runId"] = run.RunID
		runID, group, worker = fmt.Sprint(run.RunID), cmp.Or(run.WorkerGroup, "_"), cmp.Or(run.WorkerID, "_")
		if run.WorkerID != "" {
			payload["workerGroup"], payload["workerId"] = run.WorkerGroup, run.WorkerID
		}
	}
	word := status.State
	if word == taskcluster.Unscheduled {
		word = "defined"
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return store.Event{}, fmt.Errorf("encode the status of task %s: %w", status.TaskID, err)
	}
	prefix = cmp.Or(prefix, rules.DefaultExchangePrefix)
	exchange, _ := rules.ExchangeName(prefix, "queue/task-"+word)
	key := []string{"primary", status.TaskID, runID, group, worker, status.ProvisionerID, status.WorkerType, status.SchedulerID, status.TaskGroupID, "_"}
	return Message{Exchange: exchange, RoutingKey: strings.Join(key, "."), Routes: task.Routes, Payload: body}.event(ctx, prefix)
}

// OfChange are the events that a change as it is now tells: its current patchset, and how it ended.
func OfChange(ctx context.Context, server string, c *gerrit.ChangeInfo) ([]store.Event, error) {
	current := gerrit.CurrentEvent(server, c)
	found := gerrit.Found{Server: server, Events: []gerrit.Event{current}}
	if ended := map[string]string{"MERGED": gerrit.ChangeMerged, "ABANDONED": gerrit.ChangeAbandoned}[c.Status]; ended != "" {
		current.Type, current.Time = ended, current.Change.Updated
		current.State = cmp.Or(current.State, "unknown")
		found.Events = append(found.Events, current)
	}
	taken := &taken{}
	in := ingest.Inbox{Store: taken, Rules: noRules}
	if err := in.AcceptChanges(ctx, found); err != nil {
		return nil, err
	}
	return taken.events, nil
}

func noRules() *rules.Set {
	set, _ := rules.Load(rules.Sources{})
	return set
}

// taken keeps events instead of a store.
type taken struct {
	ingest.Store // nil: nothing else is called
	events       []store.Event
}

// Accept implements ingest.Store.
func (t *taken) Accept(_ context.Context, in store.Intake) (int, error) {
	t.events = append(t.events, in.Events...)
	return len(in.Events), nil
}

func (t *taken) only(err error) (store.Event, error) {
	if err != nil {
		return store.Event{}, err
	}
	if ev := t.events[0]; ev.State == store.EventParked {
		return ev, errors.New(ev.Error)
	}
	return t.events[0], nil
}
