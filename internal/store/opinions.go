package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

func compareOpinions(a, b Opinion) int {
	return cmp.Or(cmp.Compare(a.Server, b.Server), cmp.Compare(a.Change, b.Change), cmp.Compare(a.Revision, b.Revision),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.About, b.About))
}

// writeOpinions writes news, in one order for all replicas. What is older than what is kept changes nothing, so
// the end is the same in whatever order news comes.
func (t *tx) writeOpinions(ctx context.Context, opinions []Opinion) error {
	for _, o := range slices.SortedStableFunc(slices.Values(opinions), compareOpinions) {
		_, err := t.exec(ctx, `INSERT INTO opinions (server, change_num, revision, kind, target, team, rule, about,
				patchset, value, stands, made_ms, run, event_id, waits)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (server, change_num, revision, kind, target, team, rule, about) DO UPDATE SET
				patchset = excluded.patchset, value = excluded.value, stands = excluded.stands,
				made_ms = excluded.made_ms, run = excluded.run, event_id = excluded.event_id, waits = excluded.waits
			WHERE excluded.made_ms > opinions.made_ms OR excluded.made_ms = opinions.made_ms AND excluded.run >= opinions.run`,
			o.Server, o.Change, o.Revision, string(o.Kind), o.Target, o.Team, o.Rule, o.About,
			o.Patchset, o.Value, intOf(o.Stands), msOf(o.Created), o.Run, o.EventID, intOf(o.Waits))
		if err != nil {
			return fmt.Errorf("write the opinion of %s/%s on %s: %w", o.Team, o.Rule, o.Target, err)
		}
	}
	return nil
}

// carryOpinions copies what stands to a patchset of the same code; an opinion that is there already, even one that
// has ended, is newer.
func (t *tx) carryOpinions(ctx context.Context, carries []Carry) error {
	for _, c := range carries {
		_, err := t.exec(ctx, `INSERT INTO opinions (server, change_num, revision, kind, target, team, rule, about,
				patchset, value, stands, made_ms, run, event_id, waits)
			SELECT server, change_num, CAST($1 AS TEXT), kind, target, team, rule, about, CAST($2 AS INTEGER), value, stands, made_ms, run, event_id, waits
			FROM opinions WHERE server = $3 AND change_num = $4 AND revision = $5 AND stands = 1
			ORDER BY kind, target, team, rule, about
			ON CONFLICT (server, change_num, revision, kind, target, team, rule, about) DO NOTHING`,
			c.To, c.Patchset, c.Server, c.Change, c.From)
		if err != nil {
			return fmt.Errorf("carry the opinions on change %d of %s to patchset %d: %w", c.Change, c.Server, c.Patchset, err)
		}
		if err := t.carryAwaited(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

const opinionColumns = "server, change_num, revision, kind, target, team, rule, about, patchset, value, stands, made_ms, run, event_id, waits"

func scanOpinion(row scanner) (Opinion, error) {
	var o Opinion
	var stands, waits int
	var made int64
	err := row.Scan(&o.Server, &o.Change, &o.Revision, &o.Kind, &o.Target, &o.Team, &o.Rule, &o.About,
		&o.Patchset, &o.Value, &stands, &made, &o.Run, &o.EventID, &waits)
	o.Stands, o.Waits, o.Created = stands != 0, waits != 0, timeOf(made)
	return o, err
}

// Opinions are all that were ever held on a change, ended ones too.
func (s *Store) Opinions(ctx context.Context, server string, change int) ([]Opinion, error) {
	opinions, err := all(ctx, s.read, scanOpinion, "SELECT "+opinionColumns+` FROM opinions WHERE server = $1 AND change_num = $2
		ORDER BY patchset, revision, kind, target, team, rule, about`, server, change)
	if err != nil {
		return nil, fmt.Errorf("read the opinions on change %d of %s: %w", change, server, err)
	}
	return opinions, nil
}

// StandingOf are all opinions that stand, by rule.
func (s *Store) StandingOf(ctx context.Context) ([]Opinion, error) {
	opinions, err := all(ctx, s.read, scanOpinion, "SELECT "+opinionColumns+` FROM opinions WHERE stands = 1
		ORDER BY team, rule, server, change_num, revision, kind, target, about`)
	if err != nil {
		return nil, fmt.Errorf("read the standing opinions: %w", err)
	}
	return opinions, nil
}

// EndOpinions ends opinions whose rule is gone from a publication, by its number, and adds the looks at their changes,
// in one transaction. ErrMoved where another one is the newest since, or all are pinned to another: its rules may hold them.
func (s *Store) EndOpinions(ctx context.Context, seq int64, opinions []Opinion, reconcile []Action) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.stillPublished(ctx, seq); err != nil {
			return err
		}
		for _, o := range slices.SortedFunc(slices.Values(opinions), compareOpinions) {
			_, err := t.exec(ctx, `UPDATE opinions SET stands = 0 WHERE server = $1 AND change_num = $2 AND revision = $3
				AND kind = $4 AND target = $5 AND team = $6 AND rule = $7 AND about = $8 AND stands = 1`,
				o.Server, o.Change, o.Revision, string(o.Kind), o.Target, o.Team, o.Rule, o.About)
			if err != nil {
				return fmt.Errorf("end the opinion of %s/%s on %s: %w", o.Team, o.Rule, o.Target, err)
			}
		}
		return t.addActions(ctx, reconcile)
	})
}
