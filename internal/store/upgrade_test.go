package store_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

var update = flag.Bool("update", false, "write testdata/schema-N.sql anew, N being the schema of this code")

// TestEachSchemaWithWorkInFlightIsFinished opens the store that a release with that schema left behind when it was
// killed: an event half decided, a lane claimed with an action running, and the like. Nothing of it is lost.
func TestEachSchemaWithWorkInFlightIsFinished(t *testing.T) {
	if *update {
		path := filepath.Join(t.TempDir(), "verdict.db")
		leaveWork(t, path)
		must(t, os.WriteFile(fmt.Sprintf("testdata/schema-%d.sql", store.SchemaVersion), dump(t, path), 0o644))
	}
	files := get[[]string](t)(filepath.Glob("testdata/schema-*.sql"))
	if len(files) != store.SchemaVersion {
		t.Errorf("testdata has %d schemas, want each of %d; run this test with -update", len(files), store.SchemaVersion)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "verdict.db")
			db := get[*sql.DB](t)(sql.Open("sqlite", path))
			_, err := db.ExecContext(t.Context(), string(get[[]byte](t)(os.ReadFile(file))))
			must(t, err)
			must(t, db.Close())
			finishWork(t, openAt(t, "sqlite:"+path))
		})
	}
}

// inFlight are the lanes of the work; each has one action, which is in the state of that name, "running" in a lane
// that is claimed.
var inFlight = []store.ActionState{
	store.ActionPending, store.ActionRetrying, store.ActionHeld, store.ActionWaiting, store.ActionDead,
	store.ActionCancelled, store.ActionSuperseded, store.ActionDone, store.ActionRunning,
}

// leaveWork makes a store and leaves it as a killed process would.
func leaveWork(t *testing.T, path string) {
	ctx := t.Context()
	s := get[*store.Store](t)(store.Open(ctx, store.Options{URL: "sqlite:" + path}))
	get[store.Publication](t)(s.Publish(ctx, store.RuleSet{Hash: "set1", Body: []byte("rules")}, []store.TeamFiles{{Team: "gfx", Hash: "f", Body: []byte("files")}},
		store.Publication{Hash: "set1", Commit: "c1", Report: []byte(`{}`)}, nil))
	must(t, s.PinRules(ctx, store.Pin{Seq: 1, By: "ops", Reason: "too loud"}))
	get[*store.Fetch](t)(s.ClaimFetch(ctx, "gone", time.Millisecond)) // killed
	get[map[store.BeginKey]time.Time](t)(s.ResolveBegins(ctx, []store.BeginKey{{Source: "task", Team: "gfx", Rule: "r"}}, func(now time.Time) time.Time { return now }))
	must(t, s.Hold(ctx, store.Hold{Scope: "rule:gfx/held", Reason: "too loud", By: "ops"}))
	get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "gone", SetHash: "set1", Bindings: []string{"exchange/x #"}}))
	must(t, s.SetCursor(ctx, "gerrit/main", "2026-01-01"))
	get[bool](t)(s.NoteProblem(ctx, store.Problem{Team: "gfx", Name: "rules", Said: "line 1", Remedy: "mend it"}, 1))
	get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{{Server: "main", Change: 7, Name: "m", State: store.SeenOpen, Body: []byte(`{}`)}}}))
	var actions []store.Action
	for n, state := range inFlight {
		a := action(n, fmt.Sprintf("main~%d", n))
		a.Change, a.Rule = n, string(state)
		actions = append(actions, a)
	}
	decided(t, s, 1, store.Verdict{
		Actions:   actions,
		Decisions: []store.Decision{{EventID: event(1).ID, Team: "gfx", Rule: "r", SetHash: "set1", Matched: true, Explanation: []byte(`{}`), Facts: []byte(`{}`)}},
		Opinions:  []store.Opinion{opinion(-1, time.UnixMilli(1_700_000_000_000), 1)},
		Links:     []store.Link{{Kind: "task", ID: "t", Server: "main", Change: 7, Patchset: 2, Revision: "abc", By: "gfx/r"}},
		Groups:    []store.GroupState{{GroupID: "g", Hash: "h", Generation: 3, Settled: true}},
		Awaited:   []store.Awaited{waiting("g", "gfx", "abc", 2, 3)},
	})
	for range actions {
		lane := claim(t, s, time.Millisecond)
		a := get[[]store.Action](t)(s.LaneActions(ctx, lane))[0]
		state := store.ActionState(a.Rule)
		must(t, s.StartActions(ctx, lane, []store.Start{{ActionID: a.ID, LastMessage: "m1", Timeout: time.Millisecond}}))
		effects := store.Effects{Server: "main", Change: a.Change, TagsAdded: []string{"ci"}, Posted: []store.Posted{{Server: "main", Change: a.Change, Revision: "abc", Label: "Verified", Value: -1, Signature: "s"}}}
		if state == store.ActionRunning {
			continue // killed
		}
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: state, Reason: "because", RetryIn: 3 * time.Second, Result: []byte(`{}`)}}, effects))
		must(t, s.ReleaseLane(ctx, lane, -1))
	}
	parked, received, unmatched := event(2), event(4), event(5)
	parked.State, unmatched.State = store.EventParked, store.EventUnmatched
	get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(3)}}))
	get[[]store.Event](t)(s.ClaimEvents(ctx, "gone", 1, time.Millisecond)) // killed
	get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{parked, received, unmatched}}))
	must(t, s.Close())
}

// finishWork does what a new process would, and what an operator would, and finds all that leaveWork left.
func finishWork(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := get[store.Counts](t)(s.Counts(ctx))
	for _, state := range inFlight {
		if c.Actions[state] != 1 {
			t.Errorf("%d actions are %s, want 1", c.Actions[state], state)
		}
	}
	events := get[[]store.Event](t)(s.ClaimEvents(ctx, "new", 10, time.Hour))
	if len(events) != 2 {
		t.Errorf("claimed %+v, want the one that was half decided and the one that was received", events)
	}
	for _, ev := range events {
		must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventDecided}))
	}
	must(t, s.RetryEvent(ctx, event(2).ID))
	must(t, s.FinishEvent(ctx, store.Verdict{Event: claimOne(t, s, time.Hour), State: store.EventDecided}))
	must(t, s.Release(ctx, "rule:gfx/held"))
	must(t, s.RetryAction(ctx, action(4, "").ID)) // the dead one
	done, open := map[string]bool{}, []string{"pending", "retrying", "held", "dead", "running"}
	eventually(t, s, func() bool {
		lane := get[*store.Lane](t)(s.ClaimLane(ctx, "new", time.Hour))
		if lane == nil {
			return len(done) == len(open)
		}
		for _, a := range get[[]store.Action](t)(s.LaneActions(ctx, *lane)) {
			must(t, s.StartActions(ctx, *lane, []store.Start{{ActionID: a.ID, Timeout: time.Minute}}))
			must(t, s.FinishActions(ctx, *lane, []store.Outcome{{ActionID: a.ID, State: store.ActionDone}}, store.Effects{}))
			done[a.Rule] = true
		}
		must(t, s.ReleaseLane(ctx, *lane, -1))
		return false
	})
	for _, rule := range open {
		if !done[rule] {
			t.Errorf("the action that was %s was not done; done were %v", rule, done)
		}
	}
	if standing := get[[]store.Opinion](t)(s.StandingOf(ctx)); len(standing) != 1 || standing[0].Value != -1 {
		t.Errorf("standing: %+v", standing)
	}
	if tags := get[[]string](t)(s.OwnTags(ctx, "main", 7)); len(tags) != 1 {
		t.Errorf("own tags: %q", tags)
	}
	if posted := get[[]store.Posted](t)(s.PostedVotes(ctx, "main", 7)); len(posted) != 1 || posted[0].Value != -1 {
		t.Errorf("posted: %+v", posted)
	}
	if g, ok, err := s.Group(ctx, "g"); g.Generation != 3 || !ok || err != nil {
		t.Errorf("group %+v, %v", g, err)
	}
	if l, ok, err := s.Link(ctx, "task", "t"); l.By != "gfx/r" || !ok || err != nil {
		t.Errorf("link %+v, %v", l, err)
	}
	if cursor := get[string](t)(s.Cursor(ctx, "gerrit/main")); cursor != "2026-01-01" {
		t.Errorf("cursor %q", cursor)
	}
	if r := get[store.RuleSet](t)(s.RuleSet(ctx, "set1")); string(r.Body) != "rules" {
		t.Errorf("rule set %+v", r)
	}
	if files := get[[]store.TeamFiles](t)(s.TeamFiles(ctx)); len(files) != 1 {
		t.Errorf("team files %+v", files)
	}
	if begins := get[map[store.BeginKey]time.Time](t)(s.Begins(ctx)); len(begins) != 1 {
		t.Errorf("first sights %v", begins)
	}
	if d := get[[]store.Decision](t)(s.Decisions(ctx, event(1).ID)); len(d) != 1 || !d[0].Matched {
		t.Errorf("decisions %+v", d)
	}
	// Changes are kept since schema 3; before it, each is seen for the first time.
	for _, c := range get[[]store.SeenChange](t)(s.SeenChanges(ctx, "main", []int{7})) {
		if c.Version != 1 || c.State != store.SeenOpen || string(c.Body) != "{}" {
			t.Errorf("seen: %+v", c)
		}
	}
	// Publications are kept since schema 4. A fetch that a killed process began is taken over, a pin stays.
	if f, err := s.ClaimFetch(ctx, "new", time.Hour); f == nil || err != nil {
		t.Errorf("the fetch is %v, %v", f, err)
	}
	if r := get[store.RuleSource](t)(s.RuleSource(ctx)); r.Newest != r.Pin.Seq || r.Newest == 1 && r.Pin.Reason != "too loud" {
		t.Errorf("rules come from %+v", r)
	}
	// Problems are kept since schema 4. That of long ago is no longer met.
	if p := get[[]store.Problem](t)(s.Problems(ctx)); len(p) != 0 {
		t.Errorf("problems: %+v", p)
	}
	if tell := get[bool](t)(s.NoteProblem(ctx, store.Problem{Team: "gfx", Name: "rules"}, 1)); !tell {
		t.Error("a problem that was told on another day is not told")
	}
	if added := get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1), event(2), event(3), event(4)}})); added != 0 {
		t.Errorf("%d are taken for new", added)
	}
}

// longAgo is when the work in a dump was left, whatever the clock said: so that all of it is due.
var longAgo = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// dump writes a SQLite file as SQL text, in the way of SQLite's own shell, its times moved to long ago.
func dump(t *testing.T, path string) []byte {
	ctx := t.Context()
	db := get[*sql.DB](t)(sql.Open("sqlite", path))
	defer db.Close()
	var out strings.Builder
	rows := get[*sql.Rows](t)(db.QueryContext(ctx, `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
		ORDER BY type = 'index', type = 'view', name`))
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var kind, name, text string
		must(t, rows.Scan(&kind, &name, &text))
		out.WriteString(text + ";\n")
		if kind == "table" {
			tables = append(tables, name)
		}
	}
	must(t, rows.Err())
	for _, table := range tables {
		dumpTable(t, db, table, &out)
	}
	return []byte(out.String())
}

func dumpTable(t *testing.T, db *sql.DB, table string, out *strings.Builder) {
	rows := get[*sql.Rows](t)(db.QueryContext(t.Context(), "SELECT * FROM "+table))
	defer rows.Close()
	columns := get[[]string](t)(rows.Columns())
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, rows.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			if ms, ok := v.(int64); ok && ms > 0 && strings.HasSuffix(columns[i], "_ms") {
				v = ms - time.Since(longAgo).Milliseconds()
			}
			texts[i] = literal(v)
		}
		fmt.Fprintf(out, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), strings.Join(texts, ", "))
	}
	must(t, rows.Err())
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return fmt.Sprintf("X'%x'", v)
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case time.Time:
		return "'" + v.UTC().Format(time.DateTime) + "'"
	}
	return fmt.Sprint(v)
}
