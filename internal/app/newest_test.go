package app

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/config"
	"verdict/internal/store"
)

// wired is a replica as in a bot that has no Gerrit.
func (f *fetcher) wired(s *store.Store) *bot {
	b := &bot{cfg: &config.Config{}, replica: f.replica, store: s, rules: f.rules, problems: f.problems, log: zerolog.Nop()}
	b.wire(&Parts{Intake: s, Decisions: s, Deliveries: s, Queue: noQueue{}, Services: noQueue{}})
	return b
}

// deliver does what is due by the delivery of a replica.
func (f *fetcher) deliver(t *testing.T, s *store.Store) {
	t.Helper()
	for b := f.wired(s); ; {
		worked, err := b.deliverer.Next(t.Context())
		must(t, err)
		if !worked {
			return
		}
	}
}

// aheadAndBehind are two replicas, of which one has fetched a new rule.
func aheadAndBehind(t *testing.T, s *store.Store) (ahead, behind *fetcher) {
	t.Helper()
	u := newUpstream(t)
	ahead, behind = u.replica(s, "a"), u.replica(s, "b")
	must(t, ahead.first(t.Context()))
	must(t, behind.first(t.Context()))
	u.write("rules/graphics/ci.yaml", ruleNamed("second"))
	u.commit("second")
	time.Sleep(2 * time.Millisecond) // until it is due
	must(t, ahead.turn(t.Context()))
	return ahead, behind
}

// One replica has fetched a new rule and decided by it, the other comes to the lane before it has the rule.
func TestAReplicaThatIsBehindLeavesWhatANewRuleDecided(t *testing.T) {
	s := sharedStore(t)
	_, b := aheadAndBehind(t, s)
	add := func(id, rule string) {
		t.Helper()
		must(t, s.AddActions(t.Context(), []store.Action{{
			ID: id, EventID: "event", Team: "graphics", Rule: rule, Key: id, Kind: "hashtags", Lane: "main~1", Server: "main", Change: 1,
			Project: "platform/gfx", Branch: "main", ArgsVersion: 1, Args: []byte(`{"add": ["ci-x"]}`),
		}}))
	}
	expect := func(id string, state store.ActionState, reason string) {
		t.Helper()
		got, err := s.Action(t.Context(), id)
		must(t, err)
		if got.State != state || !strings.Contains(got.Reason, reason) {
			t.Errorf("%s is %s, %q; want %s, %q", id, got.State, got.Reason, state, reason)
		}
	}
	add("new", "second")
	b.deliver(t, s)
	expect("new", store.ActionRetrying, "left to the replicas that are on newer rules than this one; here: rule graphics/second is no longer live")
	b.syncs(t)
	must(t, s.RetryAction(t.Context(), "new"))
	add("old", "tag")
	b.deliver(t, s)
	expect("new", store.ActionSuperseded, "there is no Gerrit") // it is the Gerrit that is looked for, not the rule
	expect("old", store.ActionCancelled, "rule graphics/tag is no longer live")
}

// The event is for a rule that the other replica doesn't have yet.
func TestAReplicaThatIsBehindDecidesNothing(t *testing.T) {
	s := sharedStore(t)
	a, b := aheadAndBehind(t, s)
	_, err := s.Accept(t.Context(), store.Intake{Events: []store.Event{{ID: "e", Source: "cron", Type: "tick", State: store.EventReceived, BodyVersion: 1, Body: []byte("{}"), Time: time.Now()}}})
	must(t, err)
	decided := func(f *fetcher) int {
		t.Helper()
		n, err := f.wired(s).decider.Next(t.Context())
		must(t, err)
		return n
	}
	if n := decided(b); n != 0 {
		t.Errorf("the replica that is behind decided %d events", n)
	}
	if n := decided(a); n != 1 {
		t.Errorf("the one that isn't decided %d events", n)
	}
}
