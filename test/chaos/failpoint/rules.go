package failpoint

import (
	"context"
	"time"

	"verdict/internal/app"
	"verdict/internal/problems"
	"verdict/internal/store"
)

// ruleStore has points around what putting rules into force writes.
type ruleStore struct {
	app.Rules
	points *Points
}

// ClaimFetch implements app.Rules. That it isn't this process's turn is no step.
func (s ruleStore) ClaimFetch(ctx context.Context, holder string, lease time.Duration) (*store.Fetch, error) {
	turn, err := s.Rules.ClaimFetch(ctx, holder, lease)
	if turn != nil {
		s.points.pass(s.points.next("rules.ClaimFetch") + ":after")
	}
	return turn, err
}

// EndFetch implements app.Rules.
func (s ruleStore) EndFetch(ctx context.Context, f *store.Fetch, head, failed string, next time.Duration) error {
	return s.points.do("rules.EndFetch", func() error { return s.Rules.EndFetch(ctx, f, head, failed, next) })
}

// FetchNow implements app.Rules.
func (s ruleStore) FetchNow(ctx context.Context) error {
	return s.points.do("rules.FetchNow", func() error { return s.Rules.FetchNow(ctx) })
}

// Publish implements ruleset.Store.
func (s ruleStore) Publish(ctx context.Context, set store.RuleSet, good []store.TeamFiles, p store.Publication, under *store.Fetch) (store.Publication, error) {
	return around(s.points, "rules.Publish", func() (store.Publication, error) { return s.Rules.Publish(ctx, set, good, p, under) })
}

// RenameRules implements ruleset.Store.
func (s ruleStore) RenameRules(ctx context.Context, all []store.Renaming) error {
	return s.points.do("rules.RenameRules", func() error { return s.Rules.RenameRules(ctx, all) })
}

// ResolveBegins implements ruleset.Store.
func (s ruleStore) ResolveBegins(ctx context.Context, keys []store.BeginKey, begin func(dbNow time.Time) time.Time) (map[store.BeginKey]time.Time, error) {
	return around(s.points, "rules.ResolveBegins", func() (map[store.BeginKey]time.Time, error) {
		return s.Rules.ResolveBegins(ctx, keys, begin)
	})
}

// AddActions implements ruleset.Store.
func (s ruleStore) AddActions(ctx context.Context, actions []store.Action) error {
	return s.points.do("rules.AddActions", func() error { return s.Rules.AddActions(ctx, actions) })
}

// EndOpinions implements ruleset.Store.
func (s ruleStore) EndOpinions(ctx context.Context, seq int64, opinions []store.Opinion, reconcile []store.Action) error {
	return s.points.do("rules.EndOpinions", func() error { return s.Rules.EndOpinions(ctx, seq, opinions, reconcile) })
}

// problemStore has points around what is written of problems. Each is told after that.
type problemStore struct {
	problems.Store
	points *Points
}

// NoteProblem implements problems.Store.
func (s problemStore) NoteProblem(ctx context.Context, p store.Problem, times int) (tell bool, err error) {
	return around(s.points, "problems.NoteProblem", func() (bool, error) { return s.Store.NoteProblem(ctx, p, times) })
}

// EndProblem implements problems.Store.
func (s problemStore) EndProblem(ctx context.Context, team, name string) error {
	return s.points.do("problems.EndProblem", func() error { return s.Store.EndProblem(ctx, team, name) })
}
