package failpoint

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"verdict/gerrit"
	"verdict/internal/app"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/taskcluster"
)

// intake has points where something new comes in.
type intake struct {
	ingest.Store
	points *Points

	mu   sync.Mutex
	seen map[string]bool
}

// Accept implements ingest.Store. What polls bring is counted apart: how often they come to see what the bot itself did
// is another matter than what messages tell.
func (s *intake) Accept(ctx context.Context, in store.Intake) (added int, err error) {
	if !s.news(in) {
		return s.Store.Accept(ctx, in)
	}
	return around(s.points, "ingest."+in.Events[0].Source+".Accept", func() (int, error) { return s.Store.Accept(ctx, in) })
}

func (s *intake) news(in store.Intake) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := false
	for _, ev := range in.Events {
		news = news || !s.seen[ev.ID]
		s.seen[ev.ID] = true
	}
	return news
}

// decisions has points around what internal/decide writes.
type decisions struct {
	decide.Store
	points *Points
}

// ClaimEvents implements decide.Store.
func (s decisions) ClaimEvents(ctx context.Context, holder string, n int, lease time.Duration) ([]store.Event, error) {
	events, err := s.Store.ClaimEvents(ctx, holder, n, lease)
	if len(events) > 0 {
		s.points.pass(s.points.next("decide.ClaimEvents") + ":after")
	}
	return events, err
}

// FinishEvents implements decide.Store.
func (s decisions) FinishEvents(ctx context.Context, verdicts []store.Verdict) error {
	return s.points.do("decide.FinishEvents", func() error { return s.Store.FinishEvents(ctx, verdicts) })
}

// PostponeEvent implements decide.Store.
func (s decisions) PostponeEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error {
	return s.points.do("decide.PostponeEvent", func() error { return s.Store.PostponeEvent(ctx, id, epoch, reason, retryIn) })
}

// ReturnEvent implements decide.Store.
func (s decisions) ReturnEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error {
	return s.points.do("decide.ReturnEvent", func() error { return s.Store.ReturnEvent(ctx, id, epoch, reason, retryIn) })
}

// WakeGroups implements decide.Store. A look that finds nothing due is no step.
func (s decisions) WakeGroups(ctx context.Context, n int, look func(store.GroupState) store.Event) (int, error) {
	point := ""
	woken, err := s.Store.WakeGroups(ctx, n, func(g store.GroupState) store.Event {
		if point == "" {
			point = s.points.next("decide.WakeGroups")
			s.points.pass(point + ":before")
		}
		return look(g)
	})
	if point != "" {
		s.points.pass(point + ":after")
	}
	return woken, err
}

// deliveries has points around what internal/deliver writes.
type deliveries struct {
	deliver.Store
	points *Points
}

// ClaimLane implements deliver.Store.
func (s deliveries) ClaimLane(ctx context.Context, holder string, lease time.Duration, except ...string) (*store.Lane, error) {
	lane, err := s.Store.ClaimLane(ctx, holder, lease, except...)
	if lane != nil {
		s.points.pass(s.points.next("deliver.ClaimLane") + ":after")
	}
	return lane, err
}

// RenewLane implements deliver.Store.
func (s deliveries) RenewLane(ctx context.Context, lane *store.Lane, lease time.Duration) error {
	return s.points.do("deliver.RenewLane", func() error { return s.Store.RenewLane(ctx, lane, lease) })
}

// AddActions implements deliver.Store.
func (s deliveries) AddActions(ctx context.Context, actions []store.Action) error {
	return s.points.do("deliver.AddActions", func() error { return s.Store.AddActions(ctx, actions) })
}

// StartActions implements deliver.Store.
func (s deliveries) StartActions(ctx context.Context, lane store.Lane, starts []store.Start) error {
	return s.points.do("deliver.StartActions", func() error { return s.Store.StartActions(ctx, lane, starts) })
}

// FinishActions implements deliver.Store.
func (s deliveries) FinishActions(ctx context.Context, lane store.Lane, outcomes []store.Outcome, effects store.Effects) error {
	return s.points.do("deliver.FinishActions", func() error { return s.Store.FinishActions(ctx, lane, outcomes, effects) })
}

// ReleaseLane implements deliver.Store.
func (s deliveries) ReleaseLane(ctx context.Context, lane store.Lane, next time.Duration) error {
	return s.points.do("deliver.ReleaseLane", func() error { return s.Store.ReleaseLane(ctx, lane, next) })
}

// gerritServer has points around what is posted.
type gerritServer struct {
	app.Gerrit
	points *Points
}

// Review implements deliver.Gerrit.
func (g gerritServer) Review(ctx context.Context, changeID, revision string, review gerrit.ReviewInput) (*gerrit.ReviewResult, error) {
	return around(g.points, "gerrit.Review", func() (*gerrit.ReviewResult, error) {
		return g.Gerrit.Review(ctx, changeID, revision, review)
	})
}

// SetHashtags implements deliver.Gerrit.
func (g gerritServer) SetHashtags(ctx context.Context, changeID string, hashtags gerrit.HashtagsInput) ([]string, error) {
	return around(g.points, "gerrit.SetHashtags", func() ([]string, error) {
		return g.Gerrit.SetHashtags(ctx, changeID, hashtags)
	})
}

// SetTopic implements deliver.Gerrit.
func (g gerritServer) SetTopic(ctx context.Context, changeID, topic string) (string, error) {
	return around(g.points, "gerrit.SetTopic", func() (string, error) { return g.Gerrit.SetTopic(ctx, changeID, topic) })
}

// AbandonChange implements deliver.Gerrit.
func (g gerritServer) AbandonChange(ctx context.Context, changeID string, message ...string) error {
	return g.points.do("gerrit.AbandonChange", func() error { return g.Gerrit.AbandonChange(ctx, changeID, message...) })
}

// RestoreChange implements deliver.Gerrit.
func (g gerritServer) RestoreChange(ctx context.Context, changeID string, message ...string) error {
	return g.points.do("gerrit.RestoreChange", func() error { return g.Gerrit.RestoreChange(ctx, changeID, message...) })
}

// SubmitRevision implements deliver.Gerrit.
func (g gerritServer) SubmitRevision(ctx context.Context, changeID, revision string) (gerrit.ChangeInfo, error) {
	return around(g.points, "gerrit.SubmitRevision", func() (gerrit.ChangeInfo, error) {
		return g.Gerrit.SubmitRevision(ctx, changeID, revision)
	})
}

// queue has points around what tasks are made and made to do.
type queue struct {
	app.Queue
	points *Points
}

// CreateTask implements deliver.Tasks.
func (q queue) CreateTask(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return around(q.points, "taskcluster.CreateTask", func() (*taskcluster.TaskStatus, error) {
		return q.Queue.CreateTask(ctx, taskID, definition, caller)
	})
}

// RerunTask implements deliver.Tasks.
func (q queue) RerunTask(ctx context.Context, taskID string, caller taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return around(q.points, "taskcluster.RerunTask", func() (*taskcluster.TaskStatus, error) {
		return q.Queue.RerunTask(ctx, taskID, caller)
	})
}

// CancelTask implements deliver.Tasks.
func (q queue) CancelTask(ctx context.Context, taskID string, caller taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return around(q.points, "taskcluster.CancelTask", func() (*taskcluster.TaskStatus, error) {
		return q.Queue.CancelTask(ctx, taskID, caller)
	})
}

// services has points around what else is called. What is only looked up, in the bot's own name, has none.
type services struct {
	deliver.Services
	points *Points
}

// Call implements deliver.Services.
func (s services) Call(ctx context.Context, service string, call taskcluster.Call, caller taskcluster.Caller) (json.RawMessage, error) {
	if caller.Name == "" {
		return s.Services.Call(ctx, service, call, caller)
	}
	return around(s.points, "taskcluster."+call.Name+".Call", func() (json.RawMessage, error) {
		return s.Services.Call(ctx, service, call, caller)
	})
}
