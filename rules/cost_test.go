package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/rules/yamlfile"
)

// fewest is the shortest time that one of many rounds takes: what else runs on the machine only adds to it. The rounds of
// all take turns.
func fewest(of ...func()) []time.Duration {
	shortest := make([]time.Duration, len(of))
	for range 60 {
		for i, run := range of {
			begun := time.Now()
			for range 200 {
				run()
			}
			if took := time.Since(begun); shortest[i] == 0 || took < shortest[i] {
				shortest[i] = took
			}
		}
	}
	return shortest
}

// differInClause are rules that bind one exchange and differ in what a clause compares.
func differInClause(t testing.TB, n int) *Set {
	t.Helper()
	files := map[string][]byte{}
	for first := 0; first < n; first += 100 {
		var b strings.Builder
		b.WriteString("rules:\n")
		for i := first; i < min(first+100, n); i++ {
			fmt.Fprintf(&b, "  - name: rule-%d\n    on: {exchange: queue/task-failed}\n    when: ['event.build.part == \"part-%d\" && event.runId >= 0']\n    do: [{vote: {Verified: -1}}]\n", i, i)
		}
		files[fmt.Sprintf("team-%d/rules.yaml", first/100)] = []byte(b.String())
	}
	set, found := Load(Sources{Files: files})
	for _, d := range found {
		t.Fatal(d)
	}
	return set
}

// matching are the two ways in which rules differ, each with an event that one of them is about.
func matching(t testing.TB) map[string]struct {
	load  func(testing.TB, int) *Set
	event Occurrence
} {
	failed := Occurrence{
		Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-failed",
		RoutingKey: "primary.DDMaDVSGQ7abyaPzkrFH8Q.0.lab.w1.lab.ci-7.bot-1.QZAlBrTNReilm8sihCxXtg._",
		Payload:    Decoded{map[string]any{"runId": int64(0), "build": map[string]any{"part": "part-7"}}},
	}
	return map[string]struct {
		load  func(testing.TB, int) *Set
		event Occurrence
	}{"routing key": {loadMany, failed}, "clause": {differInClause, failed}}
}

// TestMatchingCostFollowsCandidates holds an event against 10 000 rules to what it costs against 100, where one of
// them matches.
func TestMatchingCostFollowsCandidates(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 10 000 rules, twice")
	}
	for name, m := range matching(t) {
		t.Run(name, func(t *testing.T) {
			few, many := m.load(t, 100), m.load(t, 10_000)
			dst := make([]Candidate, 0, 16)
			match := func(set *Set) func() {
				return func() {
					if dst = set.Match(m.event, dst[:0]); len(dst) != 1 {
						t.Fatalf("%d candidates, want 1", len(dst))
					}
				}
			}
			took := fewest(match(few), match(many))
			ratio := float64(took[1]) / float64(took[0])
			t.Logf("100 rules: %v, 10 000 rules: %v, ratio %.2f", took[0]/200, took[1]/200, ratio)
			if ratio > 1.5 {
				t.Errorf("10 000 rules cost %.2f times what 100 do, more than 1.5", ratio)
			}
		})
	}
}

// Up to a thousand tasks come of the same part of a .taskcluster.yml, which anybody can push: each asks where its texts
// are written.
func TestWhatStandsBelowAKeyOfATaskFileIsGatheredOnce(t *testing.T) {
	file, _ := yamlfile.Parse("f.yml", []byte("tasks:\n"+strings.Repeat("  - {created: a}\n", 100)))
	f := taskFile{under: map[underKey][]*yamlfile.Node{}}
	ask := func() {
		if f.written(file.Root, "created", "a") == nil {
			t.Fatal("not found")
		}
	}
	if n := testing.AllocsPerRun(10, ask); n != 0 { // the first is not counted
		t.Errorf("each further question makes %v lists, want none", n)
	}
}

func BenchmarkMatchOfClauses(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		set, event := differInClause(b, n), matching(b)["clause"].event
		b.Run(fmt.Sprintf("%d rules", n), func(b *testing.B) {
			dst := make([]Candidate, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				dst = set.Match(event, dst[:0])
			}
		})
	}
}
