package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/admin"
	"verdict/internal/app/rulegit"
	"verdict/internal/app/ruleset"
	"verdict/internal/problems"
	"verdict/internal/store"
)

// upstream is a repository of rules, in which people commit.
type upstream struct {
	t   *testing.T
	dir string
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{t, t.TempDir()}
	u.git("init", "-q", "-b", "main", ".")
	u.write("teams.yaml", teams)
	u.write("rules/graphics/ci.yaml", tagRule)
	u.commit("first")
	return u
}

func (u *upstream) git(args ...string) string {
	u.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = u.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=a@x", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=a@x")
	out, err := cmd.CombinedOutput()
	if err != nil {
		u.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (u *upstream) write(name, text string) {
	u.t.Helper()
	full := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
}

func (u *upstream) commit(subject string) string {
	u.t.Helper()
	u.git("add", "-A")
	u.git("commit", "-q", "-m", subject)
	return u.git("rev-parse", "HEAD")
}

func ruleNamed(name string) string { return strings.Replace(tagRule, "name: tag", "name: "+name, 1) }

// replica is one process's fetcher on a store that several share.
func (u *upstream) replica(s *store.Store, name string) *fetcher {
	l := &ruleset.Loader{
		Dir: "rules", Teams: "teams.yaml", Shared: true, Replica: name, ExchangePrefix: "exchange/taskcluster-", Servers: []string{"main"},
		Begin: func(now time.Time) time.Time { return now }, Store: s, Log: zerolog.Nop(),
	}
	return &fetcher{
		git:   &rulegit.Repository{URL: "file://" + u.dir, Branch: "main", Dir: "rules", Teams: "teams.yaml"},
		every: time.Millisecond, replica: name, store: s, rules: l, log: zerolog.Nop(), lease: time.Minute,
		problems: &problems.Teller{Store: s, Log: zerolog.Nop()}, loaded: func(context.Context, error) {},
	}
}

func sharedStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "v.db"), Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func inForce(f *fetcher) (rules, commit string) {
	a := f.rules.Active()
	if a == nil {
		return "", ""
	}
	var names []string
	for _, r := range a.Set.Rules() {
		names = append(names, r.Name)
	}
	return strings.Join(names, " "), a.Published.Commit
}

func (f *fetcher) syncs(t *testing.T) {
	t.Helper()
	if behind, err := f.rules.Behind(t.Context()); err != nil || behind {
		must(t, errors.Join(err, f.rules.Sync(t.Context())))
	}
}

func TestOneReplicaFetchesACommitAndAllHaveIt(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a, b := u.replica(s, "a"), u.replica(s, "b")
	must(t, a.first(t.Context()))
	b.git = nil // it has no need of the repository
	must(t, b.first(t.Context()))
	u.write("rules/graphics/ci.yaml", ruleNamed("second"))
	id := u.commit("second")
	time.Sleep(2 * time.Millisecond) // until it is due
	must(t, a.turn(t.Context()))
	b.syncs(t)
	for _, f := range []*fetcher{a, b} {
		if rules, commit := inForce(f); rules != "second" || commit != id {
			t.Errorf("%s has %s of %s, want second of %s", f.replica, rules, commit, id)
		}
	}
	if all, err := s.Publications(t.Context(), 9); err != nil || len(all) != 2 || all[0].Replica != "a" || all[0].Author != "Ann" || all[0].Subject != "second" {
		t.Errorf("published are %+v, %v", all, err)
	}
}

func TestAReplicaThatDiesBetweenFetchingAndPublishingIsReplacedAndComesTooLate(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a, b := u.replica(s, "a"), u.replica(s, "b")
	must(t, a.first(t.Context()))
	time.Sleep(2 * time.Millisecond)
	u.write("rules/graphics/ci.yaml", ruleNamed("stale"))
	u.commit("stale")
	turn, err := s.ClaimFetch(t.Context(), "a", 20*time.Millisecond)
	if err != nil || turn == nil {
		t.Fatalf("a's turn is %v, %v", turn, err)
	}
	held, err := a.git.Fetch(t.Context()) // and there a hangs
	must(t, err)
	u.write("rules/graphics/ci.yaml", ruleNamed("newer"))
	id := u.commit("newer")
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		must(t, b.turn(t.Context()))
		if rules, _ := inForce(b); rules == "newer" {
			break
		}
	}
	err = a.rules.LoadTree(t.Context(), ruleset.Tree{Files: held.Files, Teams: held.Teams, Commit: held.ID}, turn)
	if !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("a publishes what it held: %v", err)
	}
	a.syncs(t)
	for _, f := range []*fetcher{a, b} {
		if rules, commit := inForce(f); rules != "newer" || commit != id {
			t.Errorf("%s has %s of %s", f.replica, rules, commit)
		}
	}
}

func TestAReplicaThatLostItsTurnWhileItLookedPublishesNothing(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a, b := u.replica(s, "a"), u.replica(s, "b")
	must(t, a.first(t.Context()))
	u.write("rules/graphics/ci.yaml", ruleNamed("stale"))
	u.commit("stale")
	must(t, s.FetchNow(t.Context()))
	a.lease = time.Millisecond
	a.store = overtaken{s, func() {
		time.Sleep(5 * time.Millisecond) // until a's turn is over
		u.write("rules/graphics/ci.yaml", ruleNamed("newer"))
		u.commit("newer")
		must(t, s.FetchNow(t.Context()))
		must(t, b.turn(t.Context()))
		u.git("reset", "-q", "--hard", "HEAD^") // what a finds
	}}
	must(t, a.turn(t.Context()))
	last, err := s.Publications(t.Context(), 1)
	if err != nil || len(last) != 1 || last[0].Subject != "newer" || last[0].Replica != "b" {
		t.Errorf("published last is %+v, %v", last, err)
	}
}

// overtaken is a store in whose midst another replica takes the turn.
type overtaken struct {
	*store.Store
	by func()
}

func (o overtaken) Publications(ctx context.Context, n int) ([]store.Publication, error) {
	found, err := o.Store.Publications(ctx, n)
	o.by()
	return found, err
}

func TestWhileRulesArePinnedNothingIsPublished(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a := u.replica(s, "a")
	must(t, a.first(t.Context()))
	must(t, s.PinRules(t.Context(), store.Pin{Seq: 1, By: "ops"}))
	a.syncs(t)
	u.write("rules/graphics/ci.yaml", ruleNamed("later"))
	id := u.commit("later")
	must(t, s.FetchNow(t.Context()))
	must(t, a.turn(t.Context()))
	from, err := s.RuleSource(t.Context())
	if rules, _ := inForce(a); err != nil || from.Newest != 1 || from.Head != id || rules != "tag" {
		t.Errorf("rules come from %+v, %v; in force is %s", from, err, rules)
	}
	must(t, s.ReleaseRules(t.Context()))
	must(t, a.turn(t.Context())) // at once
	if rules, commit := inForce(a); rules != "later" || commit != id {
		t.Errorf("released, in force is %s of %s", rules, commit)
	}
}

func TestAReplicaThatIsStoppedGivesItsTurnBack(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a := u.replica(s, "a")
	stopping := &stopsAtClaim{Store: s}
	var ctx context.Context
	ctx, stopping.stop = context.WithCancel(t.Context())
	a.store = stopping
	if err := a.turn(ctx); err != nil {
		t.Errorf("stopped: %v", err)
	}
	if turn, err := s.ClaimFetch(t.Context(), "b", time.Minute); turn == nil || err != nil {
		t.Errorf("the next one's turn is %v, %v", turn, err)
	}
}

// stopsAtClaim stops the process when it has its turn.
type stopsAtClaim struct {
	*store.Store
	stop func()
}

func (s *stopsAtClaim) ClaimFetch(ctx context.Context, holder string, lease time.Duration) (*store.Fetch, error) {
	turn, err := s.Store.ClaimFetch(ctx, holder, lease)
	s.stop()
	return turn, err
}

func TestWhileTheRepositoryIsAwayTheSetStaysAndIsToldAfterAMoment(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a := u.replica(s, "a")
	must(t, a.first(t.Context()))
	u.git("branch", "-m", "main", "trunk")
	a.every = time.Minute
	var last time.Duration
	for n := range 4 {
		must(t, s.FetchNow(t.Context()))
		if err := a.turn(t.Context()); !errors.Is(err, rulegit.ErrNoBranch) {
			t.Fatalf("a branch that is gone: %v", err)
		}
		from, err := s.RuleSource(t.Context())
		must(t, err)
		now, err := s.Now(t.Context())
		must(t, err)
		if from.Failures != n+1 || !strings.Contains(from.Error, `no such branch "main"`) || from.Due.Sub(now) <= last {
			t.Errorf("after %d failures: %+v, due in %s", n+1, from, from.Due.Sub(now))
		}
		last = from.Due.Sub(now)
		told, err := s.Problems(t.Context())
		must(t, err)
		if want := n+1 >= nagging; (len(told) == 1) != want {
			t.Errorf("after %d failures told are %+v", n+1, told)
		}
	}
	if rules, _ := inForce(a); rules != "tag" {
		t.Errorf("in force is %q", rules)
	}
	restarted := u.replica(s, "c")
	must(t, restarted.first(t.Context()))
	if rules, _ := inForce(restarted); rules != "tag" {
		t.Errorf("after a restart, in force is %q", rules)
	}
	u.git("branch", "-m", "trunk", "main")
	must(t, s.FetchNow(t.Context()))
	must(t, a.turn(t.Context()))
	if told, err := s.Problems(t.Context()); err != nil || len(told) != 0 {
		t.Errorf("it is back, and told are %+v, %v", told, err)
	}
	if from, err := s.RuleSource(t.Context()); err != nil || from.Failures != 0 || from.Error != "" {
		t.Errorf("it is back: %+v, %v", from, err)
	}
}

func TestWithNothingPublishedARepositoryThatIsAwayEndsTheStart(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a := u.replica(s, "a")
	a.git.Branch, a.every = "gone", time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 2 { // and at once again, whenever it was to be due
		if err := a.first(ctx); !errors.Is(err, rulegit.ErrNoBranch) {
			t.Errorf("got %v", err)
		}
	}
}

func TestABrokenCommitLeavesItsTeamOnTheLastGoodFilesForAllReplicas(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a, b := u.replica(s, "a"), u.replica(s, "b")
	must(t, a.first(t.Context()))
	u.write("rules/graphics/ci.yaml", "rules: 1\n")
	id := u.commit("broken")
	must(t, s.FetchNow(t.Context()))
	must(t, a.turn(t.Context()))
	must(t, b.first(t.Context()))
	for _, f := range []*fetcher{a, b} {
		if rules, commit := inForce(f); rules != "tag" || commit != id || len(f.rules.Active().Broken["graphics"]) == 0 {
			t.Errorf("%s has %s of %s, broken %v", f.replica, rules, commit, f.rules.Active().Broken)
		}
	}
}

func TestTeamsOfThisMachineAreNoticedWhenTheyChange(t *testing.T) {
	u, s := newUpstream(t), sharedStore(t)
	a := u.replica(s, "a")
	a.git.Teams, a.teams = "", filepath.Join(t.TempDir(), "teams.yaml")
	must(t, os.WriteFile(a.teams, []byte(teams), 0o600))
	must(t, a.first(t.Context()))
	before := a.rules.Active()
	must(t, s.FetchNow(t.Context()))
	must(t, a.turn(t.Context()))
	if a.rules.Active() != before {
		t.Error("though nothing changed, it is loaded again")
	}
	must(t, os.WriteFile(a.teams, []byte(strings.Replace(teams, "gfx-ci@", "gfx@", 1)), 0o600))
	must(t, s.FetchNow(t.Context()))
	must(t, a.turn(t.Context()))
	if got := a.rules.Contact("graphics"); got != "gfx@example.org" {
		t.Errorf("the contact is %q", got)
	}
}

func TestABotFollowsItsRepositoryAndAPinStopsIt(t *testing.T) {
	u := newUpstream(t)
	first := u.git("rev-parse", "HEAD")
	dir := folder(t, map[string]string{
		"config.yaml": "admin: {socket: admin.sock}\ngerrit: {main: {url: 'http://127.0.0.1:1', user: u, tokenFile: token}}\nrules: {git: {url: 'file://" + u.dir + "', every: 5s}}\n",
		"token":       "c4nary\n",
	})
	reload := make(chan struct{})
	r := start(t, Options{Config: load(t, dir), Reload: reload})
	r.status(t, "the first commit", func(s admin.Status) bool {
		return s.Rules.Commit == first && s.Rules.Author == "Ann" && s.Rules.Count == 1
	})
	u.write("rules/graphics/ci.yaml", tagRule+strings.TrimPrefix(ruleNamed("more"), "rules:\n"))
	second := u.commit("more")
	reload <- struct{}{}
	s := r.status(t, "the second", func(s admin.Status) bool {
		return s.Rules.Commit == second && s.Rules.Count == 2 && s.Rules.Source.Head == second
	})
	if s.Rules.Subject != "more" || s.Rules.Source.Branch != "main" || !strings.HasPrefix(s.Rules.Source.URL, "file:///") {
		t.Errorf("the rules are %+v", s.Rules)
	}
	if _, err := r.admin.Rollback(t.Context(), admin.Rollback{To: first[:8], By: "ops", Reason: "loud"}); err != nil {
		t.Fatal(err)
	}
	r.status(t, "the pin", func(s admin.Status) bool {
		return s.Rules.Commit == first && s.Rules.Pin != nil && s.Rules.Pin.Commit == first
	})
	u.write("rules/graphics/ci.yaml", ruleNamed("third"))
	third := u.commit("third")
	reload <- struct{}{}
	r.status(t, "a look, though pinned", func(s admin.Status) bool { return s.Rules.Source.Head == third && s.Rules.Commit == first })
	if err := r.admin.ReleaseRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.status(t, "the third", func(s admin.Status) bool { return s.Rules.Commit == third && s.Rules.Pin == nil })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	must(t, os.RemoveAll(u.dir)) // a restart needs no repository
	r = start(t, Options{Config: load(t, dir)})
	r.status(t, "the third, from the store", func(s admin.Status) bool { return s.Rules.Commit == third })
	r.status(t, "what is wrong", func(s admin.Status) bool {
		return s.Rules.Source.Failures > 0 && strings.Contains(strings.Join(s.Degraded, "\n"), "fetch rules: ")
	})
}
