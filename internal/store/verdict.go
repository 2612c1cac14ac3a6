package store

import (
	"context"
	"errors"
	"fmt"
)

// FinishEvent writes all that deciding an event led to, in one transaction, or nothing: ErrLeaseLost when another
// replica has claimed the event since, ErrMoved when a task group was written by another one since it was read, or
// a rule that acts once on a thing did on another event.
func (s *Store) FinishEvent(ctx context.Context, v Verdict) error {
	return s.write(ctx, func(t *tx) error { return t.finishEvent(ctx, v) })
}

// FinishEvents is FinishEvent for several events, in one transaction. One that another replica has claimed since is
// left to it.
func (s *Store) FinishEvents(ctx context.Context, verdicts []Verdict) error {
	return s.write(ctx, func(t *tx) error {
		for _, v := range verdicts {
			if err := t.finishEvent(ctx, v); err != nil && !errors.Is(err, ErrLeaseLost) {
				return err
			}
		}
		return nil
	})
}

func (t *tx) finishEvent(ctx context.Context, v Verdict) error {
	if err := t.endDeciding(ctx, v); err != nil {
		return err
	}
	for _, d := range v.Decisions {
		if err := t.writeDecision(ctx, d); err != nil {
			return err
		}
	}
	if err := t.writeGroups(ctx, v.Groups); err != nil {
		return err
	}
	if err := t.writeHeard(ctx, v.Heard); err != nil {
		return err
	}
	if err := t.writeLinks(ctx, v.Links); err != nil {
		return err
	}
	if err := t.writeAwaited(ctx, v.Awaited); err != nil {
		return err
	}
	if err := t.settleAwaited(ctx, v.Settled); err != nil {
		return err
	}
	v, err := t.underNewNames(ctx, v)
	if err != nil {
		return err
	}
	if err := t.writeOpinions(ctx, v.Opinions); err != nil {
		return err
	}
	if err := t.carryOpinions(ctx, v.Kept); err != nil {
		return err
	}
	if err := t.writeCauses(ctx, v.Causes); err != nil {
		return err
	}
	if err := t.writeHolds(ctx, v.Holds); err != nil {
		return err
	}
	if err := t.writeOnces(ctx, v.Onces); err != nil {
		return err
	}
	if err := t.writeOkToTests(ctx, v.OkToTests); err != nil {
		return err
	}
	if err := t.lookAtWaiting(ctx, v.Again); err != nil {
		return err
	}
	if _, err := t.accept(ctx, v.Derived, nil); err != nil {
		return err
	}
	return t.addActions(ctx, v.Actions)
}

// endDeciding also keeps what was learnt of the event: its change, the set that decided it, and why it is parked.
func (t *tx) endDeciding(ctx context.Context, v Verdict) error {
	n, err := t.exec(ctx, `UPDATE events SET state = $1, error = $6, holder = '', lease_ms = 0, due_ms = 0,
			change = CASE WHEN $2 <> '' THEN $2 ELSE change END,
			set_hash = CASE WHEN $3 <> '' THEN $3 ELSE set_hash END
		WHERE id = $4 AND epoch = $5 AND state = 'deciding' AND state <> 'unmatched'`, string(v.State), v.Event.Change, v.Event.SetHash, v.Event.ID, v.Event.Epoch, v.Event.Error)
	if err != nil {
		return fmt.Errorf("write event %s: %w", v.Event.ID, err)
	}
	if n == 0 {
		return fmt.Errorf("event %s: %w", v.Event.ID, ErrLeaseLost)
	}
	return nil
}

func (t *tx) writeDecision(ctx context.Context, d Decision) error {
	_, err := t.exec(ctx, `INSERT INTO decisions (event_id, team, rule, set_hash, matched, shadow, stopped, explanation, facts, commit_id, decided_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT ms FROM clock))
		ON CONFLICT (event_id, team, rule) DO UPDATE SET set_hash = excluded.set_hash, matched = excluded.matched,
			shadow = excluded.shadow, stopped = excluded.stopped, explanation = excluded.explanation, facts = excluded.facts,
			commit_id = excluded.commit_id, decided_ms = excluded.decided_ms`,
		d.EventID, d.Team, d.Rule, d.SetHash, intOf(d.Matched), intOf(d.Shadow), d.Stopped, bytesOf(d.Explanation), bytesOf(d.Facts), d.Commit)
	if err != nil {
		return fmt.Errorf("write the decision of %s/%s on event %s: %w", d.Team, d.Rule, d.EventID, err)
	}
	return nil
}

func scanDecision(row scanner) (Decision, error) {
	var d Decision
	var matched, shadow int
	var decided int64
	err := row.Scan(&d.EventID, &d.Team, &d.Rule, &d.SetHash, &matched, &shadow, &d.Stopped, &d.Explanation, &d.Facts, &d.Commit, &decided)
	d.Matched, d.Shadow, d.Decided = matched != 0, shadow != 0, timeOf(decided)
	return d, err
}

// Decisions are what the rules made of an event, by team and rule.
func (s *Store) Decisions(ctx context.Context, eventID string) ([]Decision, error) {
	decisions, err := all(ctx, s.read, scanDecision, `SELECT event_id, team, rule, set_hash, matched, shadow, stopped, explanation, facts, commit_id, decided_ms
		FROM decisions WHERE event_id = $1 ORDER BY team, rule`, eventID)
	if err != nil {
		return nil, fmt.Errorf("read the decisions on event %s: %w", eventID, err)
	}
	return decisions, nil
}
