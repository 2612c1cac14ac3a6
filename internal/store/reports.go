package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Awaited is a task group that a team's reports on a patchset are about.
type Awaited struct {
	GroupID, Team, Server string
	Change, Patchset      int
	Revision              string
	Project, Branch       string
	// Begun is the latest generation of the group that wasn't settled, Settled the latest that was decided to be. Of
	// what is written the later counts, and what is settled is so for all patchsets of a group.
	Begun, Settled int64
}

// Waits tells whether a report has to wait for the group.
func (a Awaited) Waits() bool { return a.Begun > a.Settled }

// SettledGroup is a generation of a group of which it was decided what follows of it.
type SettledGroup struct {
	GroupID    string
	Generation int64
}

func compareAwaited(a, b Awaited) int {
	return cmp.Or(cmp.Compare(a.GroupID, b.GroupID), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Server, b.Server),
		cmp.Compare(a.Change, b.Change), cmp.Compare(a.Revision, b.Revision))
}

func (t *tx) writeAwaited(ctx context.Context, awaited []Awaited) error {
	for _, a := range slices.SortedFunc(slices.Values(awaited), compareAwaited) {
		_, err := t.exec(ctx, `INSERT INTO awaited (group_id, team, server, change_num, patchset, revision, project, branch, begun, settled)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (group_id, team, server, change_num, revision) DO UPDATE SET
				begun = CASE WHEN excluded.begun > awaited.begun THEN excluded.begun ELSE awaited.begun END,
				settled = CASE WHEN excluded.settled > awaited.settled THEN excluded.settled ELSE awaited.settled END`,
			a.GroupID, a.Team, a.Server, a.Change, a.Patchset, a.Revision, a.Project, a.Branch, a.Begun, a.Settled)
		if err != nil {
			return fmt.Errorf("write that %s waits for group %s: %w", a.Team, a.GroupID, err)
		}
	}
	return nil
}

func (t *tx) settleAwaited(ctx context.Context, groups []SettledGroup) error {
	for _, g := range groups {
		_, err := t.exec(ctx, "UPDATE awaited SET settled = $1 WHERE group_id = $2 AND settled < $1", g.Generation, g.GroupID)
		if err != nil {
			return fmt.Errorf("write that group %s has settled: %w", g.GroupID, err)
		}
	}
	return nil
}

// carryAwaited has reports on a patchset of the same code wait for, and be about, the same groups.
func (t *tx) carryAwaited(ctx context.Context, c Carry) error {
	_, err := t.exec(ctx, `INSERT INTO awaited (group_id, team, server, change_num, patchset, revision, project, branch, begun, settled)
		SELECT group_id, team, server, change_num, CAST($1 AS INTEGER), CAST($2 AS TEXT), project, branch, begun, settled
		FROM awaited WHERE server = $3 AND change_num = $4 AND revision = $5 ORDER BY group_id, team
		ON CONFLICT (group_id, team, server, change_num, revision) DO NOTHING`,
		c.Patchset, c.To, c.Server, c.Change, c.From)
	if err != nil {
		return fmt.Errorf("carry what reports on change %d of %s wait for to patchset %d: %w", c.Change, c.Server, c.Patchset, err)
	}
	return nil
}

// What is settled is so for every patchset of the group, also for one that was carried over at the same time.
const awaitedColumns = `group_id, team, server, change_num, patchset, revision, project, branch, begun,
	(SELECT MAX(s.settled) FROM awaited AS s WHERE s.group_id = a.group_id)`

func scanAwaited(row scanner) (Awaited, error) {
	var a Awaited
	err := row.Scan(&a.GroupID, &a.Team, &a.Server, &a.Change, &a.Patchset, &a.Revision, &a.Project, &a.Branch, &a.Begun, &a.Settled)
	return a, err
}

// AwaitedGroup tells which patchsets a group counts for, by team, the latest last.
func (s *Store) AwaitedGroup(ctx context.Context, groupID string) ([]Awaited, error) {
	return s.awaited(ctx, "a.group_id = $1", groupID)
}

// AwaitedOn are the groups that count for the patchsets of a change.
func (s *Store) AwaitedOn(ctx context.Context, server string, change int) ([]Awaited, error) {
	return s.awaited(ctx, "a.server = $1 AND a.change_num = $2", server, change)
}

// AwaitedNow are all groups that reports wait for.
func (s *Store) AwaitedNow(ctx context.Context) ([]Awaited, error) {
	rows, err := s.awaited(ctx, "a.begun > a.settled")
	return slices.DeleteFunc(rows, func(a Awaited) bool { return !a.Waits() }), err
}

func (s *Store) awaited(ctx context.Context, where string, args ...any) ([]Awaited, error) {
	rows, err := all(ctx, s.read, scanAwaited, "SELECT "+awaitedColumns+" FROM awaited AS a WHERE "+where+
		" ORDER BY team, server, change_num, patchset, revision, group_id", args...)
	if err != nil {
		return nil, fmt.Errorf("read what reports wait for: %w", err)
	}
	return rows, nil
}

// Reported is what a report said last on a patchset.
type Reported struct {
	Server           string
	Change, Patchset int
	Revision         string
	Team, Rule       string
	Label            string
	Project, Branch  string
	// Outcome names what was said: the same again is silence. Tasks is JSON: how each task of a name went.
	Outcome string
	Tasks   []byte
	// Failed says that the owner was told of a failure on this patchset.
	Failed bool
}

const reportedColumns = "server, change_num, revision, team, rule, label, patchset, project, branch, outcome, tasks, failed"

func (t *tx) writeReported(ctx context.Context, reported []Reported) error {
	for _, r := range reported {
		_, err := t.exec(ctx, `INSERT INTO reported (`+reportedColumns+`, said_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, (SELECT ms FROM clock))
			ON CONFLICT (server, change_num, revision, team, rule, label) DO UPDATE SET outcome = excluded.outcome, tasks = excluded.tasks,
				failed = CASE WHEN excluded.failed > reported.failed THEN excluded.failed ELSE reported.failed END, said_ms = excluded.said_ms`,
			r.Server, r.Change, r.Revision, r.Team, r.Rule, r.Label, r.Patchset, r.Project, r.Branch, r.Outcome, bytesOf(r.Tasks), intOf(r.Failed))
		if err != nil {
			return fmt.Errorf("write what %s/%s reported: %w", r.Team, r.Rule, err)
		}
	}
	return nil
}

func scanReported(row scanner) (Reported, error) {
	var r Reported
	var failed int
	err := row.Scan(&r.Server, &r.Change, &r.Revision, &r.Team, &r.Rule, &r.Label, &r.Patchset, &r.Project, &r.Branch, &r.Outcome, &r.Tasks, &failed)
	r.Failed = failed != 0
	return r, err
}

// Reported is what reports said last on each patchset of a change, in the patchsets' order.
func (s *Store) Reported(ctx context.Context, server string, change int) ([]Reported, error) {
	rows, err := all(ctx, s.read, scanReported, "SELECT "+reportedColumns+` FROM reported WHERE server = $1 AND change_num = $2
		ORDER BY patchset, revision, team, rule, label`, server, change)
	if err != nil {
		return nil, fmt.Errorf("read what was reported on change %d of %s: %w", change, server, err)
	}
	return rows, nil
}

// ReportedClosed is what was reported last, up to n, on changes of a branch that are known to be closed, with what was
// seen of these changes: the latest first.
func (s *Store) ReportedClosed(ctx context.Context, server, project, branch string, n int) ([]Reported, []SeenChange, error) {
	rows, err := all(ctx, s.read, scanReported, "SELECT "+reportedColumns+` FROM reported AS r WHERE server = $1 AND project = $2 AND branch = $3
		AND EXISTS (SELECT 1 FROM seen_changes AS c WHERE c.server = r.server AND c.change_num = r.change_num AND c.state = 0)
		ORDER BY said_ms DESC, change_num DESC, patchset DESC LIMIT $4`, server, project, branch, n)
	if err != nil {
		return nil, nil, fmt.Errorf("read what was reported on %s %s %s: %w", server, project, branch, err)
	}
	changes := make([]int, len(rows))
	for i, r := range rows {
		changes[i] = r.Change
	}
	seen, err := s.SeenChanges(ctx, server, slices.Compact(slices.Sorted(slices.Values(changes))))
	return rows, seen, err
}
