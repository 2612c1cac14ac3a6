package store_test

import (
	"testing"
	"time"

	"verdict/internal/store"
)

var renamed = []store.Renaming{{Team: "gfx", Was: "r", Rule: "new"}}

// rulesOf are the rules that hold something on change 7, with what.
func rulesOf(t *testing.T, s *store.Store) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, o := range get[[]store.Opinion](t)(s.Opinions(t.Context(), "main", 7)) {
		if o.Stands {
			out[o.Rule] += o.Value
		} else {
			out[o.Rule] += 100
		}
	}
	return out
}

func TestARenamedRuleKeepsWhatItRemembers(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		key := store.BeginKey{Source: "task", Server: "main", Project: "p", Team: "gfx", Rule: "r"}
		first := get[map[store.BeginKey]time.Time](t)(s.ResolveBegins(ctx, []store.BeginKey{key}, func(now time.Time) time.Time { return now.Add(-time.Hour) }))[key]
		decided(t, s, 1, store.Verdict{Opinions: []store.Opinion{opinion(-1, time.UnixMilli(5), 0)}, Onces: []store.Once{onceOf(1, 0)}})
		must(t, s.Hold(ctx, store.Hold{Scope: "rule:gfx/r", Reason: "too loud", By: "ann"}))
		for range 2 { // the second load changes nothing
			must(t, s.RenameRules(ctx, renamed))
			if got := rulesOf(t, s); len(got) != 1 || got["new"] != -1 {
				t.Errorf("opinions: %v", got)
			}
		}
		key.Rule = "new"
		begins := get[map[store.BeginKey]time.Time](t)(s.ResolveBegins(ctx, []store.BeginKey{key}, func(now time.Time) time.Time { return now }))
		if !begins[key].Equal(first) || len(begins) != 1 {
			t.Errorf("begins are %v, want %s under the new name alone", begins, first)
		}
		o := onceOf(2, 0)
		o.Rule = "new"
		if last, ok, err := s.LastOnce(ctx, o); !ok || err != nil || last.EventID != event(1).ID {
			t.Errorf("once: %+v, %t, %v", last, ok, err)
		}
		holds := map[string]string{}
		for _, h := range get[[]store.Hold](t)(s.Holds(ctx)) {
			holds[h.Scope] = h.By
		}
		if holds["rule:gfx/new"] != "ann" {
			t.Errorf("holds are %v", holds)
		}
		must(t, s.Release(ctx, "rule:gfx/new"))
		if left := get[[]store.Hold](t)(s.Holds(ctx)); len(left) != 0 {
			t.Errorf("after the release %+v", left)
		}
	})
}

// A replica that has not loaded the files yet decides under the former name.
func TestWhatIsDecidedUnderAFormerNameIsTheRulesOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		decided(t, s, 1, store.Verdict{Opinions: []store.Opinion{opinion(-1, time.UnixMilli(5), 0)}})
		must(t, s.RenameRules(ctx, renamed))
		green := opinion(-1, time.UnixMilli(5), 1)
		green.Stands = false
		decided(t, s, 2, store.Verdict{Opinions: []store.Opinion{green}, Onces: []store.Once{onceOf(2, 0)}})
		if got := rulesOf(t, s); len(got) != 1 || got["new"] != 100 {
			t.Errorf("opinions: %v, want the new name's to have ended", got)
		}
		o := onceOf(3, 0)
		o.Rule = "new"
		if _, ok, err := s.LastOnce(ctx, o); !ok || err != nil {
			t.Errorf("once under the former name: %t, %v", ok, err)
		}
		must(t, s.RenameRules(ctx, nil)) // another rule may have the name now
		decided(t, s, 3, store.Verdict{Opinions: []store.Opinion{opinion(1, time.UnixMilli(9), 0)}})
		if got := rulesOf(t, s); got["r"] != 1 || got["new"] != 100 {
			t.Errorf("opinions: %v", got)
		}
	})
}

// Where both names hold something of the same thing, the later news count.
func TestOfTwoNamesTheLaterNewsCount(t *testing.T) {
	for name, later := range map[string]string{"former": "r", "present": "new"} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db database) {
				s := db.open(t)
				for n, rule := range []string{"r", "new"} {
					o := opinion(n+1, time.UnixMilli(5), 0)
					if o.Rule = rule; rule == later {
						o.Run, o.Value = 1, -1
					}
					decided(t, s, n, store.Verdict{Opinions: []store.Opinion{o}})
				}
				must(t, s.RenameRules(t.Context(), renamed))
				if got := rulesOf(t, s); len(got) != 1 || got["new"] != -1 {
					t.Errorf("opinions: %v", got)
				}
			})
		})
	}
}
