package store

import (
	"context"
	"fmt"
	"time"
)

// Once is that a rule, or an action of one, acted on a thing. It is known by (Team, Rule, Key, Thing).
type Once struct {
	Team, Rule string
	// Key is the action's, "" for the whole rule.
	Key string
	// Thing says on what: a run, a task, a patchset or a change.
	Thing string
	// EventID is the event that it was, Acted when it was decided, by the database's clock.
	EventID string
	Acted   time.Time
	// Again is after how long it acts again; zero: never.
	Again time.Duration
	// Server and Change are those of a thing that is a change's.
	Server string
	Change int
}

func scanOnce(row scanner) (Once, error) {
	var o Once
	var acted int64
	err := row.Scan(&o.Team, &o.Rule, &o.Key, &o.Thing, &o.EventID, &acted, &o.Server, &o.Change)
	o.Acted = timeOf(acted)
	return o, err
}

const (
	selectOnce = `SELECT team, rule, action_key, thing, event_id, acted_ms, server, change_num FROM onces
		WHERE team = $1 AND rule = $2 AND action_key = $3 AND thing = $4`
	// ofOnce are the actions that a row o of onces is about. They were made under the rule's name of then.
	ofOnce = `a.event_id = o.event_id AND a.team = o.team AND a.rule IN (o.acted_as, o.rule)
		AND (o.action_key = '' OR a.action_key = o.action_key OR substr(a.action_key, 1, length(o.action_key) + 1) = o.action_key || ':')`
	// undone: all of them ended, and none was done.
	undone = `EXISTS (SELECT 1 FROM actions a WHERE ` + ofOnce + `)
		AND NOT EXISTS (SELECT 1 FROM actions a WHERE ` + ofOnce + ` AND a.state NOT IN ('dead', 'cancelled', 'superseded'))`
)

// LastOnce tells when a rule, or an action of one, acted last on a thing. Actions that ended and weren't done don't count.
func (s *Store) LastOnce(ctx context.Context, o Once) (last Once, ok bool, err error) {
	if last, ok, err = s.lastOnce(ctx, s.read, o, ""); err != nil {
		return Once{}, false, fmt.Errorf("look when %s/%s acted on %s: %w", o.Team, o.Rule, o.Thing, err)
	}
	return last, ok, nil
}

// lastOnce reads the row, and then, so that it sees what whoever wrote it has written, its actions.
func (s *Store) lastOnce(ctx context.Context, q querier, o Once, lock string) (Once, bool, error) {
	last, ok, err := first(ctx, q, scanOnce, selectOnce+lock, o.Team, o.Rule, o.Key, o.Thing)
	if err != nil || !ok {
		return Once{}, false, err
	}
	_, nothing, err := first(ctx, q, text, `SELECT o.thing FROM onces o WHERE o.team = $1 AND o.rule = $2 AND o.action_key = $3 AND o.thing = $4 AND `+undone,
		o.Team, o.Rule, o.Key, o.Thing)
	return last, !nothing, err
}

// writeOnces remembers what an event's decision does once. ErrMoved where another event came first.
func (t *tx) writeOnces(ctx context.Context, onces []Once) error {
	for _, o := range onces {
		if err := t.writeOnce(ctx, o); err != nil {
			return fmt.Errorf("remember that %s/%s acted on %s: %w", o.Team, o.Rule, o.Thing, err)
		}
	}
	return nil
}

func (t *tx) writeOnce(ctx context.Context, o Once) error {
	n, err := t.exec(ctx, `INSERT INTO onces (team, rule, action_key, thing, acted_as, event_id, acted_ms, until_ms, server, change_num)
		VALUES ($1, $2, $3, $4, $2, $5, (SELECT ms FROM clock), `+onceUntil("$6")+`, $7, $8) ON CONFLICT DO NOTHING`,
		o.Team, o.Rule, o.Key, o.Thing, o.EventID, ms(o.Again), o.Server, o.Change)
	if err != nil || n > 0 {
		return err
	}
	last, counts, err := t.s.lastOnce(ctx, t, o, t.s.dialect.lock)
	if err != nil || last.EventID == o.EventID {
		return err
	}
	now, err := t.now(ctx)
	if err != nil {
		return err
	}
	if counts && (o.Again == 0 || timeOf(now).Before(last.Acted.Add(o.Again))) {
		return fmt.Errorf("event %s did meanwhile: %w", last.EventID, ErrMoved)
	}
	_, err = t.exec(ctx, `UPDATE onces SET acted_as = $2, event_id = $5, acted_ms = (SELECT ms FROM clock), until_ms = `+onceUntil("$6")+`
		WHERE team = $1 AND rule = $2 AND action_key = $3 AND thing = $4`, o.Team, o.Rule, o.Key, o.Thing, o.EventID, ms(o.Again))
	return err
}

// onceUntil is when a row is of no use any more; 0: that isn't known.
func onceUntil(again string) string {
	return "CASE WHEN CAST(" + again + " AS BIGINT) = 0 THEN 0 ELSE (SELECT ms FROM clock) + CAST(" + again + " AS BIGINT) END"
}

// tasksLive is longer than a task may take: until then another run of it may come.
const tasksLive = 7 * 24 * time.Hour

// pruneOnces forgets what nothing asks for any more: what may act again anyway, and, after the time for which events are
// kept, what is about runs, tasks, and changes that are forgotten. Zero keeps those.
func (s *Store) pruneOnces(ctx context.Context, keep time.Duration) error {
	over := "o.until_ms > 0 AND o.until_ms <= (SELECT ms FROM clock)"
	var args []any
	if keep > 0 {
		over += ` OR o.server = '' AND o.acted_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT)
			OR o.server <> '' AND o.acted_ms < (SELECT ms FROM clock) - CAST($3 AS BIGINT)
				AND NOT EXISTS (SELECT 1 FROM seen_changes c WHERE c.server = o.server AND c.change_num = o.change_num)`
		args = append(args, ms(max(keep, tasksLive)), ms(keep))
	}
	_, err := s.pruneAll(ctx, `DELETE FROM onces WHERE (team, rule, action_key, thing) IN
		(SELECT o.team, o.rule, o.action_key, o.thing FROM onces o WHERE `+over+` LIMIT $1)`, args...)
	if err != nil {
		return fmt.Errorf("forget what was done once: %w", err)
	}
	return nil
}
