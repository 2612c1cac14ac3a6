package store

import (
	"context"
	"fmt"
	"time"
)

// Problem is something that somebody has to mend. It is known by team and name.
type Problem struct {
	// Team is empty where it is no team's.
	Team string
	// Name says what it is, in the same words each time.
	Name string
	// Said is how it was last, Remedy what to do about it.
	Said, Remedy string
	// Since is when it began, Last when it was met last, Times how often since it began.
	Since, Last time.Time
	Times       int64
}

// fresh is for how long a problem counts that isn't met again and of which nobody says that it is over.
const fresh = 24 * time.Hour

// day is the length of a day in milliseconds.
const day = int64(24 * time.Hour / time.Millisecond)

// NoteProblem keeps a problem that was met times times, and says whether it is to be told: it wasn't yet today, in
// UTC and by the database's clock, by any replica. Who is told so tells it; a process that dies in between leaves it
// to the list and to the next day.
func (s *Store) NoteProblem(ctx context.Context, p Problem, times int) (tell bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		// One that was over, or forgotten, begins anew.
		_, err = t.exec(ctx, `INSERT INTO problems (team, name, said, remedy, since_ms, last_ms, times, told_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
			ON CONFLICT (team, name) DO UPDATE SET said = excluded.said, remedy = excluded.remedy, last_ms = excluded.last_ms, over_ms = 0,
			since_ms = CASE WHEN problems.over_ms > 0 OR problems.last_ms < $8 THEN excluded.since_ms ELSE problems.since_ms END,
			times = excluded.times + CASE WHEN problems.over_ms > 0 OR problems.last_ms < $9 THEN 0 ELSE problems.times END`,
			p.Team, p.Name, p.Said, p.Remedy, now, now, times, now-ms(fresh), now-ms(fresh))
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, "UPDATE problems SET told_ms = $1 WHERE team = $2 AND name = $3 AND told_ms < $4", now, p.Team, p.Name, now-now%day)
		tell = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep the problem %q of team %q: %w", p.Name, p.Team, err)
	}
	return tell, nil
}

// EndProblem says that a problem is over; one that isn't there is no error. If it comes back on the same day it isn't
// told again.
func (s *Store) EndProblem(ctx context.Context, team, name string) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE problems SET over_ms = (SELECT ms FROM clock) WHERE team = $1 AND name = $2 AND over_ms = 0", team, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("end the problem %q of team %q: %w", name, team, err)
	}
	return nil
}

// Problems are those that aren't over and were met within the last day, by team and name.
func (s *Store) Problems(ctx context.Context) ([]Problem, error) {
	found, err := all(ctx, s.read, func(row scanner) (Problem, error) {
		var p Problem
		var since, last int64
		err := row.Scan(&p.Team, &p.Name, &p.Said, &p.Remedy, &since, &last, &p.Times)
		p.Since, p.Last = timeOf(since), timeOf(last)
		return p, err
	}, `SELECT team, name, said, remedy, since_ms, last_ms, times FROM problems
		WHERE over_ms = 0 AND last_ms >= (SELECT ms FROM clock) - CAST($1 AS BIGINT) ORDER BY team, name`, ms(fresh))
	if err != nil {
		return nil, fmt.Errorf("read the problems: %w", err)
	}
	return found, nil
}

// pruneProblems forgets what was met last before keep; a day's at least stays, since it is told once a day.
func (s *Store) pruneProblems(ctx context.Context, keep time.Duration) error {
	_, err := s.pruneAll(ctx, `DELETE FROM problems WHERE (team, name) IN
		(SELECT team, name FROM problems WHERE last_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT) LIMIT $1)`, ms(max(keep, 2*fresh)))
	if err != nil {
		return fmt.Errorf("prune problems: %w", err)
	}
	return nil
}
