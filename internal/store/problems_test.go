package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

func TestAProblemIsToldOnceADayByAllReplicasTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		ctx := t.Context()
		p := store.Problem{Team: "gfx", Name: "rules", Said: "one", Remedy: "mend it"}
		var told atomic.Int64
		var g errgroup.Group
		for range 3 {
			s := db.open(t)
			g.Go(func() error {
				for range 4 {
					tell, err := s.NoteProblem(ctx, p, 2)
					if err != nil {
						return err
					}
					if tell {
						told.Add(1)
					}
				}
				return nil
			})
		}
		must(t, g.Wait())
		s := db.open(t)
		if told.Load() != 1 {
			t.Errorf("told %d times", told.Load())
		}
		if tell := get[bool](t)(s.NoteProblem(ctx, store.Problem{Team: "audio", Name: "rules"}, 1)); !tell {
			t.Error("another team's is not told")
		}
		all := get[[]store.Problem](t)(s.Problems(ctx))
		if len(all) != 2 || all[0].Team != "audio" || all[1].Times != 24 || all[1].Said != "one" || all[1].Remedy != "mend it" || all[1].Since.IsZero() || all[1].Last.Before(all[1].Since) {
			t.Errorf("problems are %+v", all)
		}
	})
}

func TestAProblemThatIsOverBeginsAnewAndIsNotToldAgainThatDay(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		p := store.Problem{Team: "gfx", Name: "rules", Said: "one"}
		get[bool](t)(s.NoteProblem(ctx, p, 5))
		before := get[[]store.Problem](t)(s.Problems(ctx))[0]
		must(t, s.EndProblem(ctx, "gfx", "rules"))
		must(t, s.EndProblem(ctx, "gfx", "none such"))
		if left := get[[]store.Problem](t)(s.Problems(ctx)); len(left) != 0 {
			t.Errorf("over is %+v", left)
		}
		time.Sleep(2 * time.Millisecond) // of the database's clock, which counts in milliseconds
		if tell := get[bool](t)(s.NoteProblem(ctx, p, 1)); tell {
			t.Error("it was told twice in a day")
		}
		if now := get[[]store.Problem](t)(s.Problems(ctx)); len(now) != 1 || now[0].Times != 1 || !now[0].Since.After(before.Since) {
			t.Errorf("it came back as %+v, was %+v", now, before)
		}
	})
}
