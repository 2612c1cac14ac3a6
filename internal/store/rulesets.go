package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// RuleSet reads a rule set by its hash; ErrNotFound when it was never saved.
func (s *Store) RuleSet(ctx context.Context, hash string) (RuleSet, error) {
	r, ok, err := first(ctx, s.read, func(row scanner) (RuleSet, error) {
		var r RuleSet
		var loaded int64
		err := row.Scan(&r.Hash, &r.Body, &loaded)
		r.Loaded = timeOf(loaded)
		return r, err
	}, "SELECT hash, body, loaded_ms FROM rule_sets WHERE hash = $1", hash)
	if err != nil {
		return RuleSet{}, fmt.Errorf("read rule set %s: %w", hash, err)
	}
	if !ok {
		return RuleSet{}, fmt.Errorf("rule set %s: %w", hash, ErrNotFound)
	}
	return r, nil
}

// saveTeamFiles keeps each team's files as its last good ones.
func (t *tx) saveTeamFiles(ctx context.Context, teams []TeamFiles) error {
	for _, f := range slices.SortedFunc(slices.Values(teams), func(a, b TeamFiles) int { return cmp.Compare(a.Team, b.Team) }) {
		_, err := t.exec(ctx, `INSERT INTO team_files (team, hash, body, loaded_ms) VALUES ($1, $2, $3, (SELECT ms FROM clock))
			ON CONFLICT (team) DO UPDATE SET hash = excluded.hash, body = excluded.body, loaded_ms = excluded.loaded_ms`, f.Team, f.Hash, bytesOf(f.Body))
		if err != nil {
			return fmt.Errorf("keep the files of team %s: %w", f.Team, err)
		}
	}
	return nil
}

// TeamFiles are the last good files of all teams, by team.
func (s *Store) TeamFiles(ctx context.Context) ([]TeamFiles, error) {
	teams, err := all(ctx, s.read, func(row scanner) (TeamFiles, error) {
		var f TeamFiles
		var loaded int64
		err := row.Scan(&f.Team, &f.Hash, &f.Body, &loaded)
		f.Loaded = timeOf(loaded)
		return f, err
	}, "SELECT team, hash, body, loaded_ms FROM team_files ORDER BY team")
	if err != nil {
		return nil, fmt.Errorf("read the teams' last good files: %w", err)
	}
	return teams, nil
}

// Begins are all first sights so far.
func (s *Store) Begins(ctx context.Context) (map[BeginKey]time.Time, error) {
	return begins(ctx, s.read)
}

func begins(ctx context.Context, q querier) (map[BeginKey]time.Time, error) {
	out := map[BeginKey]time.Time{}
	_, err := all(ctx, q, func(row scanner) (struct{}, error) {
		var k BeginKey
		var at int64
		err := row.Scan(&k.Source, &k.Server, &k.Project, &k.Team, &k.Rule, &at)
		out[k] = timeOf(at)
		return struct{}{}, err
	}, "SELECT source, server, project, team, rule, begin_ms FROM begins")
	if err != nil {
		return nil, fmt.Errorf("read the first sights: %w", err)
	}
	return out, nil
}

func compareKeys(a, b BeginKey) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Rule, b.Rule))
}

// ResolveBegins gives each key that has none its first sight: what begin makes of the database's clock. It answers
// all first sights; those that were there already are kept, whoever wrote them.
func (s *Store) ResolveBegins(ctx context.Context, keys []BeginKey, begin func(dbNow time.Time) time.Time) (map[BeginKey]time.Time, error) {
	known, err := s.Begins(ctx)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(k BeginKey) bool { _, ok := known[k]; return ok })
	if len(keys) == 0 {
		return known, nil
	}
	slices.SortFunc(keys, compareKeys)
	err = s.write(ctx, func(t *tx) error {
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		at := msOf(begin(timeOf(now)))
		stmt, err := t.PrepareContext(ctx, `INSERT INTO begins (source, server, project, team, rule, begin_ms)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
		if err != nil {
			return fmt.Errorf("write the first sights: %w", err)
		}
		defer stmt.Close()
		for _, k := range keys {
			if _, err := stmt.ExecContext(ctx, k.Source, k.Server, k.Project, k.Team, k.Rule, at); err != nil {
				return fmt.Errorf("write the first sight of %s/%s: %w", k.Team, k.Rule, err)
			}
		}
		known, err = begins(ctx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return known, nil
}
