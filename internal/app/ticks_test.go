package app

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/ruleset"
	"verdict/internal/decide"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/rules"
)

// clock is a bot's clock, with what it told.
type clock struct {
	*ticks
	t      *testing.T
	at     time.Time
	begin  time.Time
	set    *rules.Set
	told   []string
	refuse error
}

func newClock(t *testing.T, begin, now string, crons ...string) *clock {
	t.Helper()
	c := &clock{t: t, at: clockTime(t, now), begin: clockTime(t, begin)}
	c.rules(crons...)
	c.ticks = &ticks{
		maxAge: 24 * time.Hour, log: zerolog.Nop(),
		active: func() *ruleset.Active {
			a := &ruleset.Active{Set: c.set, Begins: map[store.BeginKey]time.Time{}}
			for _, r := range c.set.Rules() {
				a.Begins[decide.BeginOf(r, r.On[0], "")] = c.begin
			}
			return a
		},
		now: func(context.Context) (time.Time, error) { return c.at, nil },
		accept: func(_ context.Context, tick rules.Tick, at time.Time) error {
			if c.refuse == nil {
				c.told = append(c.told, tick.Cron+" "+at.UTC().Format("02 15:04"))
			}
			return c.refuse
		},
	}
	return c
}

func clockTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", "2026-01-"+text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (c *clock) rules(crons ...string) {
	c.t.Helper()
	text := "rules:\n"
	if len(crons) == 0 {
		text = "rules: []\n"
	}
	for i, cron := range crons {
		text += "  - name: r" + string(rune('a'+i)) + "\n    on: {cron: '" + cron + "', zone: Europe/Berlin}\n" +
			"    do:\n      - task: {taskQueueId: a/b, metadata: {name: n, description: d}, payload: {}, deadline: {$fromNow: 1 hour}}\n"
	}
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/a.yaml": []byte(text)}})
	if len(found) > 0 {
		c.t.Fatal(found)
	}
	c.set = set
}

// looks looks at a time, and compares what was told since.
func (c *clock) looks(at string, want ...string) time.Duration {
	c.t.Helper()
	c.at, c.told = clockTime(c.t, at), nil
	wait, err := c.look(c.t.Context())
	if (err != nil) != (c.refuse != nil) {
		c.t.Errorf("at %s: %v", at, err)
	}
	if !slices.Equal(c.told, want) {
		c.t.Errorf("at %s it told %q, want %q", at, c.told, want)
	}
	return wait
}

func TestTheClockTicksInItsZoneEachTimeOnce(t *testing.T) {
	c := newClock(t, "05 00:00:00", "05 04:59:58", "0 6 * * 1-5", "*/30 * * * *")
	if wait := c.looks("05 04:59:58", "*/30 * * * * 05 04:30"); wait != 2*time.Second {
		t.Errorf("it looks again after %s, want when it ticks", wait)
	}
	c.looks("05 05:00:00", "*/30 * * * * 05 05:00", "0 6 * * 1-5 05 05:00")
	if wait := c.looks("05 05:00:01"); wait != lookForTicks {
		t.Errorf("it looks again after %s", wait)
	}
	c.looks("05 05:29:59")
	c.looks("05 05:30:04", "*/30 * * * * 05 05:30")
}

func TestWhatWasMissedIsMadeUpForOnceTheLatestIfItIsntTooOld(t *testing.T) {
	newClock(t, "01 00:00:00", "05 09:00:00", "0 6 * * 1-5", "* * * * *").looks("05 09:00:30", "* * * * * 05 09:00", "0 6 * * 1-5 05 05:00")
	newClock(t, "01 00:00:00", "04 09:00:00", "0 6 * * 1-5").looks("04 09:00:00") // Friday's is older than a day
	newClock(t, "05 05:00:01", "05 09:00:00", "0 6 * * 1-5").looks("05 09:00:00") // before the rule's begin
	newClock(t, "05 05:00:00", "05 09:00:00", "0 6 * * 1-5").looks("05 09:00:00", "0 6 * * 1-5 05 05:00")
}

func TestARuleThatComesWhileTheBotRunsIsNotMadeUpFor(t *testing.T) {
	c := newClock(t, "01 00:00:00", "05 09:00:00")
	c.looks("05 09:00:00")
	c.rules("0 6 * * 1-5", "1 10 * * *")
	c.looks("05 09:01:02", "1 10 * * * 05 09:01") // it may have come just before
	c.rules("1 10 * * *")
	c.looks("05 10:00:00")
	c.rules("0 6 * * 1-5", "1 10 * * *") // as one that was off
	c.looks("05 10:00:05")
	c.looks("06 05:00:00", "0 6 * * 1-5 06 05:00")
}

func TestATickThatCantBeStoredIsTriedAgain(t *testing.T) {
	c := newClock(t, "01 00:00:00", "05 04:00:00", "0 6 * * 1-5", "0 5 * * *")
	c.looks("05 04:30:00", "0 5 * * * 05 04:00")
	c.refuse = errors.New("the disk is full")
	c.looks("05 05:00:00")
	c.looks("05 05:00:01")
	c.refuse = nil
	c.looks("05 05:00:02", "0 6 * * 1-5 05 05:00")
	c.looks("05 05:00:03")

	c = newClock(t, "01 00:00:00", "05 09:00:00", "0 6 * * 1-5")
	c.refuse = errors.New("the disk is full")
	c.looks("05 09:00:00") // the first look, too
	c.refuse = nil
	c.looks("05 09:00:01", "0 6 * * 1-5 05 05:00")
}

// A minute before and after the clock goes forward and back: a time that isn't there is left out, one that comes twice
// ticks twice.
func TestDaylightSavingLeavesOutAndRepeats(t *testing.T) {
	c := newClock(t, "01 00:00:00", "05 00:00:00", "30 2 * * *")
	count := func(from, to time.Time) (n int) {
		c.until, c.last, c.told = nil, from, nil
		for at := from; !at.After(to); at = at.Add(10 * time.Minute) {
			c.at = at
			if _, err := c.look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return len(c.told)
	}
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		from time.Time
		want int
	}{{day(time.March, 28).Add(12 * time.Hour), 0}, {day(time.October, 24).Add(12 * time.Hour), 2}, {day(time.October, 25).Add(12 * time.Hour), 1}} {
		if got := count(test.from, test.from.Add(24*time.Hour)); got != test.want {
			t.Errorf("from %s it ticked %d times, want %d: %q", test.from, got, test.want, c.told)
		}
	}
}

func TestReplicasTickOnce(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "verdict.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 3 {
		c := newClock(t, "01 00:00:00", "05 09:00:00", "0 6 * * 1-5")
		in := &ingest.Inbox{Store: s, Rules: func() *rules.Set { return c.set }}
		c.accept = in.AcceptTick
		for _, at := range []string{"05 09:00:00", "05 09:00:05", "06 05:00:00"} {
			c.at = clockTime(t, at)
			if _, err := c.look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	events, err := s.Events(t.Context(), store.Filter{})
	if err != nil || len(events) != 2 {
		t.Errorf("%d events, want two ticks: %+v, %v", len(events), events, err)
	}
}

func TestTheClockRunsUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock(t, "01 00:00:00", "05 00:00:00", "* * * * *")
		c.now = func(context.Context) (time.Time, error) { return time.Now(), nil }
		c.begin = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer cancel()
		if err := c.run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(c.told) != 11 { // the bubble begins at a full minute
			t.Errorf("it ticked %d times in ten minutes: %q", len(c.told), c.told)
		}
	})
}
