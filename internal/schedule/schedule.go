// Package schedule runs jobs by cron expressions.
//
// A job is never run twice at once: a firing that comes while the job still runs is skipped. A job that panics
// is logged and fires again. What was missed while the process was away is made up once, if the caller kept
// the last firing; keeping it is left to the caller, and so is making a tick harmless where several replicas
// tick. It is the only importer of robfig/cron. internal/app calls it.
package schedule

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"
)

// Job is something to do again and again.
type Job struct {
	// Name stands in the log.
	Name string
	When Expression
	// Jitter delays each firing by a random part of it, so that many bots don't ask at one moment. Zero: none.
	Jitter time.Duration
	// Last is the firing that was last done, as the caller stored it: when another one has passed since, the
	// job runs once at the start, for the latest of them. Zero: nothing is made up.
	Last time.Time
	// AtStart runs the job once at the start, whatever passed.
	AtStart bool
	// Do is given the time that the firing was scheduled for. Its ctx ends with Run's. What it returns is logged.
	Do func(ctx context.Context, scheduled time.Time) error
}

// Run fires the jobs until ctx ends, and returns nil when the last of them has returned.
func Run(ctx context.Context, log zerolog.Logger, jobs []Job) error {
	c := cron.New(
		cron.WithLocation(time.UTC),
		cron.WithLogger(cronLog{log}),
		// Skip stands outside Recover: the other way round, one panic would leave the job marked as running.
		cron.WithChain(cron.SkipIfStillRunning(cronLog{log}), cron.Recover(cronLog{log})),
	)
	var atStart sync.WaitGroup
	for _, job := range jobs {
		entry := add(ctx, log, c, job)
		if _, ok := job.first(time.Now()); ok {
			atStart.Go(c.Entry(entry).WrappedJob.Run)
		}
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	atStart.Wait()
	return nil
}

func add(ctx context.Context, log zerolog.Logger, c *cron.Cron, job Job) cron.EntryID {
	var id cron.EntryID
	first, _ := job.first(time.Now())
	id = c.Schedule(job.When, cron.FuncJob(func() {
		// The library doesn't hand over the scheduled time, but keeps it; before the first firing it is zero.
		scheduled := c.Entry(id).Prev
		if scheduled.IsZero() {
			scheduled = first
		} else if !pause(ctx, job.Jitter) {
			return
		}
		if err := job.Do(ctx, scheduled); err != nil && ctx.Err() == nil {
			log.Warn().Str("job", job.Name).Time("scheduled", scheduled).Err(err).Msg("job ended with an error")
		}
	}))
	return id
}

// first says whether a job runs at the start, and for which time.
func (j Job) first(now time.Time) (time.Time, bool) {
	if j.AtStart {
		return now, true
	}
	if j.Last.IsZero() {
		return time.Time{}, false
	}
	missed := j.When.Latest(j.Last, now)
	return missed, !missed.IsZero()
}

// pause waits for a random part of most; it is false when ctx ended meanwhile.
func pause(ctx context.Context, most time.Duration) bool {
	if most <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// cronLog hands the library's words on: its errors are panics of jobs.
type cronLog struct{ log zerolog.Logger }

// Info implements cron.Logger. What the library tells step by step is of no interest; that it skipped is.
func (l cronLog) Info(msg string, _ ...any) {
	if msg == "skip" {
		l.log.Debug().Msg("a firing is skipped: the job still runs")
	}
}

// Error implements cron.Logger.
func (l cronLog) Error(err error, msg string, fields ...any) {
	l.log.Error().Err(err).Fields(fields).Msg("job: " + msg)
}
