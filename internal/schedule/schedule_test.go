package schedule

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func every(t *testing.T, text string) Expression {
	t.Helper()
	e, err := Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// runFor runs jobs in a bubble for d of its time, and returns when Run has.
func runFor(t *testing.T, d time.Duration, jobs func(t *testing.T) []Job) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		if err := Run(ctx, zerolog.Nop(), jobs(t)); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestRunHandsOverTheScheduledTimes(t *testing.T) {
	var got []time.Duration
	runFor(t, 95*time.Second, func(t *testing.T) []Job {
		start := time.Now()
		return []Job{{When: every(t, "@every 30s"), Jitter: 3 * time.Second, Do: func(_ context.Context, at time.Time) error {
			got = append(got, at.Sub(start))
			return nil
		}}}
	})
	if len(got) != 3 || got[0] != 30*time.Second || got[2] != 90*time.Second {
		t.Errorf("got %v, want 30s, 60s, 90s", got)
	}
}

func TestRunSkipsAFiringWhileTheJobRuns(t *testing.T) {
	running, most, fired := 0, 0, 0
	runFor(t, 10*time.Minute, func(t *testing.T) []Job {
		return []Job{{When: every(t, "@every 10s"), AtStart: true, Do: func(ctx context.Context, _ time.Time) error {
			running++
			fired++
			most = max(most, running)
			time.Sleep(25 * time.Second)
			running--
			return nil
		}}}
	})
	if most != 1 || fired < 15 || fired > 21 {
		t.Errorf("%d at once, %d in all; want 1 at once and about 20", most, fired)
	}
}

func TestRunGoesOnAfterAPanicAndAnError(t *testing.T) {
	fired := 0
	runFor(t, 35*time.Second, func(t *testing.T) []Job {
		return []Job{{When: every(t, "@every 10s"), Do: func(context.Context, time.Time) error {
			fired++
			if fired == 1 {
				panic("first")
			}
			return errors.New("again")
		}}}
	})
	if fired != 3 {
		t.Errorf("fired %d times, want 3", fired)
	}
}

func TestRunMakesUpOnceForWhatWasMissed(t *testing.T) {
	var got []time.Time
	var want time.Time
	runFor(t, time.Second, func(t *testing.T) []Job {
		now := time.Now()
		want = now.Truncate(24 * time.Hour)
		return []Job{{When: every(t, "0 0 * * *"), Last: now.AddDate(0, 0, -9), Do: func(_ context.Context, at time.Time) error {
			got = append(got, at)
			return nil
		}}}
	})
	if len(got) != 1 || !got[0].Equal(want) {
		t.Errorf("got %v, want once, for %v", got, want)
	}
}

func TestRunWaitsForItsJobs(t *testing.T) {
	ended := false
	runFor(t, 11*time.Second, func(t *testing.T) []Job {
		return []Job{{When: every(t, "@every 10s"), Do: func(ctx context.Context, _ time.Time) error {
			<-ctx.Done()
			time.Sleep(time.Minute)
			ended = true
			return ctx.Err()
		}}}
	})
	if !ended {
		t.Error("Run returned before the job did")
	}
}
