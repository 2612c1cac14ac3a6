package problems_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/problems"
	"verdict/internal/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "v.db"), Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var broken = problems.Problem{Team: "gfx", Name: "rules are broken", Said: "ci.yaml:3", Remedy: "mend it"}

func TestAContactIsToldOnceADayOverRestarts(t *testing.T) {
	s := open(t)
	var log bytes.Buffer
	contact := func(team string) string { return team + "@example.org" }
	for range 3 { // processes
		teller := &problems.Teller{Store: s, Contact: contact, Log: zerolog.New(&log)}
		teller.Tell(t.Context(), broken)
		teller.Tell(t.Context(), broken)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("told %d times:\n%s", len(lines), &log)
	}
	for _, want := range []string{`"level":"warn"`, `"contact":"gfx@example.org"`, `"problem":"rules are broken"`, `"said":"ci.yaml:3"`, `"do":"mend it"`} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("%s is not in %s", want, lines[0])
		}
	}
}

func TestAProblemOfABusyHourIsCountedAndSeldomWritten(t *testing.T) {
	s := open(t)
	counting := &counting{Store: s}
	now := time.Now()
	teller := &problems.Teller{Store: counting, Log: zerolog.Nop(), Now: func() time.Time { return now }}
	for range 1000 {
		teller.Tell(t.Context(), broken)
	}
	now = now.Add(time.Minute)
	teller.Tell(t.Context(), broken)
	if counting.writes != 2 {
		t.Errorf("written %d times, want 2", counting.writes)
	}
	if all, err := s.Problems(t.Context()); err != nil || len(all) != 1 || all[0].Times != 1001 {
		t.Errorf("kept are %+v, %v", all, err)
	}
}

func TestAProblemThatCouldNotBeKeptIsKeptNextTime(t *testing.T) {
	s := open(t)
	counting := &counting{Store: s, err: errors.New("away")}
	var log bytes.Buffer
	teller := &problems.Teller{Store: counting, Log: zerolog.New(&log)}
	teller.Tell(t.Context(), broken)
	counting.err = nil
	teller.Tell(t.Context(), broken)
	if all, err := s.Problems(t.Context()); err != nil || len(all) != 1 || all[0].Times != 2 {
		t.Errorf("kept are %+v, %v", all, err)
	}
	if n := strings.Count(log.String(), "somebody has to mend"); n != 1 || !strings.Contains(log.String(), "away") {
		t.Errorf("told %d times:\n%s", n, &log)
	}
}

func TestOverIsWrittenAtOnceAndSoIsItsReturn(t *testing.T) {
	s := open(t)
	teller := &problems.Teller{Store: s, Log: zerolog.Nop()}
	list := func() int {
		all, err := s.Problems(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	teller.Tell(t.Context(), broken)
	teller.Over(t.Context(), "gfx", "rules are broken")
	if n := list(); n != 0 {
		t.Errorf("%d are listed after its end", n)
	}
	teller.Tell(t.Context(), broken)
	if n := list(); n != 1 {
		t.Errorf("%d are listed after its return", n)
	}
}

// counting is a store whose writes are counted, and fail while err is set.
type counting struct {
	problems.Store
	writes int
	err    error
}

func (c *counting) NoteProblem(ctx context.Context, p store.Problem, times int) (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	c.writes++
	return c.Store.NoteProblem(ctx, p, times)
}
