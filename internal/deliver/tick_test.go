package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit/gerrittest"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

const askRules = `defaults: {server: main}
rules:
  - name: ask
    on: {cron: '0 6 * * 1-5', query: 'status:open -hashtag:keep', atMost: 3}
    do:
      - comment: 'Is ${change.number} still wanted? (${now})'
`

// tick has the clock tick for all rules on it.
func (w *world) tick(at time.Time) {
	w.t.Helper()
	for _, tick := range w.set.Ticks() {
		if err := w.inbox.AcceptTick(w.t.Context(), tick, at); err != nil {
			w.t.Fatal(err)
		}
	}
	w.settle()
}

// onTick gives what was decided on the ticks themselves.
func (w *world) onTick() (said []string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), store.Filter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, ev := range events {
		if ev.Type != "tick" {
			continue
		}
		decisions, err := w.store.Decisions(w.t.Context(), ev.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range decisions {
			said = append(said, fmt.Sprintf("%s %s %s", d.Rule, d.Stopped, d.Explanation))
		}
	}
	return said
}

// asked are the changes on which the bot said something.
func (w *world) asked(changes ...int) (asked []int) {
	for _, c := range changes {
		if n := len(w.said(c)); n > 0 {
			asked = append(asked, c)
		}
	}
	return asked
}

func TestATickAnswersWhatItsQueryFindsHoweverOld(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules})
	old, kept := w.push().Change, w.push().Change
	w.gerrit.SetHashtags(kept, "alice", []string{"keep"}, nil)
	w.begin = time.Now()
	at := w.begin.Add(time.Minute).Truncate(time.Second)
	w.tick(at)
	w.expect(old, 0, nil, "still wanted? ("+at.UTC().Format("2006-01-02T15:04:05")) // now is the tick's time
	w.expect(kept, 0, []string{"keep"})
}

func TestATickIsOneHoweverOftenItComes(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules})
	c := w.push().Change
	at := time.Now().Truncate(time.Minute)
	for hours := range 3 { // replicas whose machines are in different places
		w.tick(at.In(time.FixedZone("", hours*3600)))
	}
	w.expect(c, 0, nil, "still wanted?")
	w.tick(at.Add(time.Minute))
	w.expect(c, 0, nil, "still wanted?", "still wanted?")
}

func TestATickBeforeTheRulesBeginFindsNothing(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules})
	w.begin = w.begin.Truncate(time.Second)
	c := w.push().Change
	w.tick(w.begin.Add(-time.Second))
	w.expect(c, 0, nil)
	w.tick(w.begin)
	w.expect(c, 0, nil, "still wanted?")
}

func TestATickTakesAtMostWhatItsRuleSaysAndTellsThatThereIsMore(t *testing.T) {
	two := strings.NewReplacer("atMost: 3", "atMost: 2", "Is ${change.number}", "Docs ask: is ${change.number}").Replace(askRules)
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules, "docs/b.yaml": two})
	var log bytes.Buffer
	w.decide.Log = zerolog.New(&log)
	var all []int
	for range 5 {
		all = append(all, w.push().Change)
	}
	w.tick(time.Now())
	if got := w.asked(all...); len(got) != 3 {
		t.Errorf("asked on %v, want three\n%s", got, w.actions())
	}
	docs := 0
	for _, c := range all {
		docs += len(slices.DeleteFunc(w.said(c), func(text string) bool { return !strings.Contains(text, "Docs ask") }))
	}
	if docs != 2 {
		t.Errorf("the other team's rule asked %d times, want two\n%s", docs, w.actions())
	}
	if said := w.onTick(); len(said) != 2 || !strings.Contains(said[1], "3 changes, and there are more: atMost is 3") {
		t.Errorf("the tick's decisions are %q", said)
	}
	if text := log.String(); !strings.Contains(text, "more changes than its rule takes") || !strings.Contains(text, "gfx@example.org") {
		t.Errorf("the log is %s", text)
	}
}

// What a query finds beyond the grant no rule gets to see, not even one that only looks.
func TestAQueryReachesNoFurtherThanTheGrant(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules, "docs/b.yaml": askRules})
	w.gerrit.AddProject("secret", "main")
	mine := w.push().Change
	w.gerrit.Push(gerrittest.Push{Project: "secret", Branch: "main", Subject: "s", Files: map[string]string{"a": "a"}})
	w.gerrit.Push(gerrittest.Push{Project: "demo", Branch: "main", Subject: "t", Files: map[string]string{"b": "b"}})
	w.tick(time.Now())
	events, err := w.store.Events(t.Context(), store.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(events, func(ev store.Event) bool { return ev.Type != "found" })
	if len(found) != 2 || len(w.said(mine)) == 0 {
		t.Fatalf("found %d changes, want the two of demo, each once for both teams\n%s", len(found), w.actions())
	}
	for _, ev := range found {
		decisions, err := w.store.Decisions(t.Context(), ev.ID)
		if err != nil || len(decisions) != 2 || strings.Contains(string(ev.Body), "secret") {
			t.Errorf("%s: %d decisions, %v", ev.Body, len(decisions), err)
		}
	}
}

func TestAQueryThatIsRefusedIsAProblemUntilOneIsTaken(t *testing.T) {
	bad := strings.Replace(askRules, "-hashtag:keep", "nosuch:thing", 1)
	w := newWorld(t, map[string]string{"gfx/a.yaml": bad})
	var log bytes.Buffer
	w.decide.Log = zerolog.New(&log)
	teller := &problems.Teller{Store: w.store, Contact: func(team string) string { return team + "@example.org" }, Log: w.decide.Log}
	w.decide.Tell, w.decide.Over = teller.Tell, teller.Over
	c, at := w.push().Change, time.Now().Truncate(time.Minute)
	w.tick(at)
	w.tick(at.Add(time.Minute))
	w.expect(c, 0, nil)
	if said := w.onTick(); len(said) != 2 || !strings.Contains(said[0], "on.query: main refuses it: ") || !strings.Contains(said[0], "nosuch") {
		t.Errorf("the ticks' decisions are %q", said)
	}
	if text := log.String(); strings.Count(text, "refuses it") != 1 || !strings.Contains(text, `"contact":"gfx@example.org","problem":"the query of rule ask at \"0 6 * * 1-5\" is refused"`) {
		t.Errorf("two ticks within a day are to be one line with the contact; the log is %s", text)
	}
	w.expectStates(map[store.ActionState]int{})
	if told, err := w.store.Problems(t.Context()); err != nil || len(told) != 1 || told[0].Team != "gfx" || !strings.Contains(told[0].Said, "status:open nosuch:thing") {
		t.Errorf("the problems are %+v, %v", told, err)
	}

	w.loadOf(loadTeams(t, teamsYAML), map[string]string{"gfx/a.yaml": askRules})
	w.tick(at.Add(2 * time.Minute))
	w.expect(c, 0, nil, "still wanted?")
	if told, err := w.store.Problems(t.Context()); err != nil || len(told) != 0 {
		t.Errorf("the query is taken, and the problems are %+v, %v", told, err)
	}
}

func TestATickWaitsForAGerritThatIsAway(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules})
	c := w.push().Change
	w.gerrit.Fail(gerrittest.Fault{Times: -1})
	w.tick(time.Now())
	w.expect(c, 0, nil)
	w.gerrit.Heal()
	w.await("asked", func() bool { return len(w.said(c)) == 1 })
}

func TestAShadowsTickIsDecidedAndReachesNobody(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": strings.Replace(askRules, "  - name: ask\n", "  - name: ask\n    mode: shadow\n", 1)})
	c := w.push().Change
	w.tick(time.Now())
	w.expect(c, 0, nil)
	decisions, err := w.store.Events(t.Context(), store.Filter{MatchedOnly: true})
	if err != nil || len(decisions) != 2 { // the tick, and what it found
		t.Errorf("%d matched, %v\n%s", len(decisions), err, w.actions())
	}
	w.expectStates(map[store.ActionState]int{})
}

func TestATickWithoutAQueryStartsATask(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": `defaults: {server: main, project: demo}
rules:
  - name: nightly
    on: {cron: '0 3 * * *', zone: Europe/Berlin}
    when: ['event.cron == "0 3 * * *" && event.scheduled == now && event.query == ""']
    do:
      - task:
          taskQueueId: gfx/ci
          projectId: gfx
          deadline: {$fromNow: 1 hour}
          metadata: {name: nightly, description: 'Of ${event.scheduled}'}
          payload: {}
`})
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	w.decide.MaxAge, w.begin = time.Since(at)+1000*time.Hour, at
	w.tick(at)
	w.expectStates(map[store.ActionState]int{store.ActionDone: 1})
	all, err := w.store.Actions(t.Context(), store.Filter{})
	if err != nil || len(all) != 1 || all[0].Kind != deliver.KindTask || all[0].Change != 0 || len(w.tc.Tasks()) != 1 {
		t.Errorf("actions %+v, %v", all, err)
	}
}

func TestOfTwoTicksTheLaterOneCountsWhateverTheOrder(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": `defaults: {server: main}
rules:
  - name: hold-back
    on: {cron: '0 6 * * *', query: 'status:open'}
    do:
      - vote: {Verified: -1}
        while: '"ci-hold" in change.hashtags'
        message: held back
`})
	c := w.push().Change
	at := time.Now().Truncate(time.Minute)
	w.gerrit.SetHashtags(c, "alice", []string{"ci-hold"}, nil)
	w.tick(at)
	w.gerrit.SetHashtags(c, "alice", nil, []string{"ci-hold"})
	w.tick(at.Add(-time.Minute))
	w.expect(c, -1, nil, "held back")
	w.tick(at.Add(time.Minute))
	w.expect(c, 0, nil, "held back")
}

// older is a replica that is on other rules, for as long as one that is on newer ones lives.
func (w *world) older(text string, ahead *bool) *decide.Decider {
	w.t.Helper()
	set, problems := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/a.yaml": []byte(text)}, Teams: loadTeams(w.t, teamsYAML), Methods: deliver.Methods()})
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	return &decide.Decider{
		Store: w.store, Facts: w.decide.Facts, ExchangePrefix: w.decide.ExchangePrefix, SchedulerID: w.decide.SchedulerID, Holder: "older", Log: zerolog.Nop(),
		Active: func() decide.Active { return decide.Active{Set: set, Begins: w.begins()} },
		Ahead:  func(_ context.Context, asked *rules.Set) (bool, error) { return *ahead && asked == set, nil },
	}
}

// TestWhatHappensIsLeftToThoseOnNewerRules: a rule on a tick, or its time, or its whole rule, is new, and one replica is
// behind. It comes first to the tick, and to what that found.
func TestWhatHappensIsLeftToThoseOnNewerRules(t *testing.T) {
	sameTick := "  - name: other\n" + strings.SplitAfterN(askRules, "\n", 4)[3]
	for name, before := range map[string]string{
		"another time":         strings.Replace(askRules, "0 6", "0 7", 1),
		"no such rule":         strings.Replace(askRules, "name: ask", "name: other", 1),
		"only one on the tick": askRules,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"gfx/a.yaml": askRules + sameTick})
			ahead := true
			old := w.older(before, &ahead)
			c := w.push().Change
			w.settle()
			for _, tick := range w.set.Ticks() {
				if err := w.inbox.AcceptTick(t.Context(), tick, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			for _, by := range []*decide.Decider{old, w.decide, old, w.decide} {
				n, err := by.Next(t.Context())
				if want := map[bool]int{true: 1}[by != old]; n != want || err != nil {
					t.Fatalf("the older one %t: %d events, %v; want %d", by == old, n, err, want)
				}
			}
			w.settle()
			w.expect(c, 0, nil, "still wanted?")
			if done := w.states()[store.ActionDone]; done != 2 {
				t.Errorf("%d comments, want both rules'\n%s", done, w.actions())
			}
		})
	}
}

func TestWhereNobodyIsOnNewerRulesAnyMoreTheOlderOnesCount(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": askRules})
	ahead := false
	w.decide = w.older(strings.Replace(askRules, "still wanted?", "to be kept?", 1), &ahead)
	c := w.push().Change
	w.tick(time.Now())
	w.expect(c, 0, nil, "to be kept?")
}
