package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits are what an action's rule and team may do. A field that is zero limits nothing.
type Limits struct {
	// Changes is how many changes, or task groups that belong to none, the rule may touch in an hour: in its first
	// day, and where Always is set for good.
	Changes int
	Always  bool
	// Posts is how many posts there may be on one change in a day, RulePosts in how many of them the rule may have a
	// part.
	Posts, RulePosts int
	// Actions is how many actions the team may begin in a minute. More wait.
	Actions int
}

// ErrGuarded means that nothing was started: a guard holds a rule, or a team has to wait. What that means for the
// lane's actions is written; look at them again.
var ErrGuarded = errors.New("store: guarded")

// GuardedError is ErrGuarded with what was held; Held is empty where a team waits.
type GuardedError struct{ Held []Hold }

func (e *GuardedError) Error() string { return ErrGuarded.Error() }

// Is says that it is ErrGuarded.
func (e *GuardedError) Is(target error) bool { return target == ErrGuarded }

const (
	guardHour, guardDay, guardMinute = time.Hour, 24 * time.Hour, time.Minute
	// HeldByGuard is who a hold of a guard is by.
	HeldByGuard = "guard"
	// waitsForTurn is why an action of a team waits that did as much in a minute as it may.
	waitsForTurn = "waits: its team has begun as many actions in this minute as it may"
)

// begun is what is known of an action that is to start.
type begun struct {
	id, team, rule string
	first, said    int64
}

// counter counts what the actions of one attempt would come to.
type counter struct {
	*tx
	lane   string
	now    int64
	starts []Start
	known  []begun
}

// guard looks whether the limits allow an attempt. Where they don't, it holds the rules and has the teams wait that are
// beyond them, and answers a GuardedError.
func (t *tx) guard(ctx context.Context, l Lane, now int64, starts []Start) (*GuardedError, error) {
	c := &counter{tx: t, lane: l.ID, now: now, starts: starts}
	for _, s := range starts {
		b, ok, err := first(ctx, t, func(row scanner) (b begun, err error) {
			err = row.Scan(&b.id, &b.team, &b.rule, &b.first, &b.said)
			return b, err
		}, "SELECT id, team, rule, first_ms, said_ms FROM actions WHERE id = $1", s.ActionID)
		if err != nil || !ok {
			return nil, err // one that isn't there is not started either
		}
		c.known = append(c.known, b)
	}
	refused := &GuardedError{}
	waits := false
	for _, of := range c.owners() {
		var why string
		var wait time.Duration
		var err error
		if of.rule == "" {
			wait, err = c.teamWaits(ctx, of.team)
		} else {
			why, err = c.ruleBeyond(ctx, of.team, of.rule)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("count what %s/%s did: %w", of.team, of.rule, err)
		case why != "":
			h := Hold{Scope: "rule:" + of.team + "/" + of.rule, Reason: why, By: HeldByGuard}
			if err := t.holdRule(ctx, c.lane, of, h); err != nil {
				return nil, err
			}
			refused.Held = append(refused.Held, h)
		case wait > 0:
			waits = true
			if err := t.putOff(ctx, c.lane, of.team, wait); err != nil {
				return nil, err
			}
		}
	}
	if len(refused.Held) == 0 && !waits {
		return nil, nil
	}
	return refused, nil
}

// owners are the teams (with no rule) and rules of the actions, in the order in which their rows are locked.
func (c *counter) owners() []begun {
	var out []begun
	for _, b := range c.known {
		if b.team != "" {
			out = append(out, begun{team: b.team}, begun{team: b.team, rule: b.rule})
		}
	}
	slices.SortFunc(out, func(a, b begun) int { return cmp.Or(cmp.Compare(a.team, b.team), cmp.Compare(a.rule, b.rule)) })
	return slices.Compact(out)
}

// of are the actions of a team, or of a rule of it, that fit, and the limits of the first.
func (c *counter) of(team, rule string, fits func(Start, begun) bool) (n int, limits Limits) {
	for i, b := range c.known {
		if b.team != team || rule != "" && b.rule != rule {
			continue
		}
		limits = c.starts[i].Limits
		if fits(c.starts[i], b) {
			n++
		}
	}
	return n, limits
}

func isNew(_ Start, b begun) bool  { return b.first == 0 }
func speaks(s Start, b begun) bool { return s.Speaks && b.said == 0 }

// row gives a guard's row, locked where lock is set: others who count for it wait.
func (c *counter) row(ctx context.Context, team, rule string, lock bool) (first, since int64, err error) {
	if !lock {
		found, err := all(ctx, c.tx, func(row scanner) (struct{}, error) {
			return struct{}{}, row.Scan(&first, &since)
		}, "SELECT first_ms, since_ms FROM guards WHERE team = $1 AND rule = $2", team, rule)
		if err != nil || len(found) > 0 {
			return first, since, err
		}
	}
	err = c.QueryRowContext(ctx, `INSERT INTO guards (team, rule, first_ms) VALUES ($1, $2, $3)
		ON CONFLICT (team, rule) DO UPDATE SET first_ms = guards.first_ms RETURNING first_ms, since_ms`, team, rule, c.now).Scan(&first, &since)
	return first, since, err
}

// ruleBeyond says why a rule is to be held; "" where it is within its limits.
func (c *counter) ruleBeyond(ctx context.Context, team, rule string) (string, error) {
	fresh, limits := c.of(team, rule, isNew)
	said, _ := c.of(team, rule, speaks)
	firstMS, since, err := c.row(ctx, team, rule, false)
	if err != nil {
		return "", err
	}
	if young := c.now-firstMS < ms(guardDay); fresh > 0 && limits.Changes > 0 && (limits.Always || young) {
		if _, since, err = c.row(ctx, team, rule, true); err != nil {
			return "", err
		}
		touched, here, err := c.touched(ctx, team, rule, max(since, c.now-ms(guardHour)))
		if err != nil {
			return "", err
		}
		if !here && touched >= limits.Changes {
			return fmt.Sprintf("it touched %d changes within an hour (guards.changesPerRulePerHour)", touched), nil
		}
	}
	if said == 0 || limits.Posts == 0 && limits.RulePosts == 0 {
		return "", nil
	}
	return c.saidTooMuch(ctx, team, rule, limits, max(since, c.now-ms(guardDay)))
}

// touched counts the lanes in which a rule began something since a time, and tells whether this one is among them.
func (c *counter) touched(ctx context.Context, team, rule string, since int64) (n int, here bool, err error) {
	var mine int
	err = c.QueryRowContext(ctx, `SELECT COUNT(DISTINCT lane), COUNT(CASE WHEN lane = $4 THEN 1 END) FROM actions
		WHERE team = $1 AND first_ms > 0 AND first_ms >= $3 AND rule = $2`, team, rule, since, c.lane).Scan(&n, &mine)
	return n, mine > 0, err
}

// saidTooMuch counts the posts on the lane's change, which nobody else writes on meanwhile.
func (c *counter) saidTooMuch(ctx context.Context, team, rule string, limits Limits, since int64) (string, error) {
	var posts, own int
	err := c.QueryRowContext(ctx, `SELECT COUNT(DISTINCT said_ms), COUNT(DISTINCT CASE WHEN team = $2 AND rule = $3 THEN said_ms END) FROM actions
		WHERE lane = $1 AND said_ms > 0 AND said_ms >= $4`, c.lane, team, rule, since).Scan(&posts, &own)
	switch {
	case err != nil:
		return "", err
	case limits.RulePosts > 0 && own >= limits.RulePosts:
		return fmt.Sprintf("it posted %d times on %s within a day (guards.messagesPerChangePerDay; one rule may have half)", own, c.lane), nil
	case limits.Posts > 0 && posts >= limits.Posts:
		return fmt.Sprintf("there were %d posts on %s within a day, and the next would be its own (guards.messagesPerChangePerDay)", posts, c.lane), nil
	}
	return "", nil
}

// teamWaits says how long a team's actions have to wait; 0 where they needn't.
func (c *counter) teamWaits(ctx context.Context, team string) (time.Duration, error) {
	fresh, limits := c.of(team, "", isNew)
	if fresh == 0 || limits.Actions == 0 {
		return 0, nil
	}
	if _, _, err := c.row(ctx, team, "", true); err != nil {
		return 0, err
	}
	return turn(ctx, c.tx, team, limits.Actions, fresh)
}

// TeamTurn says how long a team has to wait before it may begin another action; 0: not at all. It is for looking before
// anything is asked of a server: StartActions counts again.
func (s *Store) TeamTurn(ctx context.Context, team string, perMinute int) (time.Duration, error) {
	wait, err := turn(ctx, s.read, team, perMinute, 1)
	if err != nil {
		return 0, fmt.Errorf("count what %s did: %w", team, err)
	}
	return wait, nil
}

// turn says when some more actions of a team may begin. Those who wait already come first: as many a minute as may.
func turn(ctx context.Context, q querier, team string, perMinute, more int) (time.Duration, error) {
	type count struct{ begun, waiting, oldest int64 }
	n, _, err := first(ctx, q, func(row scanner) (n count, err error) {
		err = row.Scan(&n.begun, &n.waiting, &n.oldest)
		return n, err
	}, `SELECT COUNT(*), (SELECT COUNT(*) FROM actions w WHERE w.team = $1 AND w.state = 'retrying' AND w.reason = $2 AND w.due_ms > (SELECT ms FROM clock)),
			COALESCE(MIN(first_ms), 0) + CAST($3 AS BIGINT) - (SELECT ms FROM clock)
		FROM actions WHERE team = $1 AND first_ms > 0 AND first_ms > (SELECT ms FROM clock) - CAST($3 AS BIGINT)`, team, waitsForTurn, ms(guardMinute))
	if err != nil || n.begun == 0 || n.begun+int64(more) <= int64(perMinute) {
		return 0, err
	}
	behind := guardMinute * time.Duration(n.waiting) / time.Duration(perMinute)
	return max(time.Duration(n.oldest)*time.Millisecond, time.Millisecond) + behind, nil
}

// putOff has a team's open actions of a lane wait; other teams' go on.
func (t *tx) putOff(ctx context.Context, lane, team string, wait time.Duration) error {
	_, err := t.exec(ctx, `UPDATE actions SET state = 'retrying', reason = $1, due_ms = (SELECT ms FROM clock) + CAST($2 AS BIGINT)
		WHERE lane = $3 AND team = $4 AND state IN ('pending', 'retrying')`, waitsForTurn, ms(wait), lane, team)
	if err != nil {
		return fmt.Errorf("have %s wait in lane %s: %w", team, lane, err)
	}
	return nil
}

// WaitForTurn is the outcome of an action whose team has to wait.
func WaitForTurn(actionID string, wait time.Duration) Outcome {
	return Outcome{ActionID: actionID, State: ActionRetrying, Reason: waitsForTurn, RetryIn: wait}
}

// holdRule holds a rule, and its actions in the lane; those in other lanes are when these are looked at.
func (t *tx) holdRule(ctx context.Context, lane string, of begun, h Hold) error {
	if err := t.writeHolds(ctx, []Hold{h}); err != nil {
		return err
	}
	_, err := t.exec(ctx, `UPDATE actions SET state = 'held', reason = $1 WHERE lane = $2 AND team = $3 AND rule = $4 AND state IN ('pending', 'retrying')`,
		"held: "+h.Scope, lane, of.team, of.rule)
	if err != nil {
		return fmt.Errorf("hold the actions of %s in lane %s: %w", h.Scope, lane, err)
	}
	return nil
}

// writeHolds adds holds; who held a scope first, and why, stays.
func (t *tx) writeHolds(ctx context.Context, holds []Hold) error {
	for _, h := range holds {
		_, err := t.exec(ctx, `INSERT INTO holds (scope, reason, held_by, since_ms) VALUES ($1, $2, $3, (SELECT ms FROM clock))
			ON CONFLICT (scope) DO NOTHING`, h.Scope, h.Reason, h.By)
		if err != nil {
			return fmt.Errorf("hold %s: %w", h.Scope, err)
		}
	}
	return nil
}

// countAnew has a rule that is released be counted from now on: what it did before was looked at by whoever released it.
func (t *tx) countAnew(ctx context.Context, scope string) error {
	_, err := t.exec(ctx, "UPDATE guards SET since_ms = (SELECT ms FROM clock) WHERE 'rule:' || team || '/' || rule = $1", scope)
	if err != nil {
		return fmt.Errorf("count %s anew: %w", scope, err)
	}
	return nil
}
