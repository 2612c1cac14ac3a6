package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Renaming says that a team's rule was called otherwise before.
type Renaming struct{ Team, Was, Rule string }

func scanRenaming(row scanner) (Renaming, error) {
	var r Renaming
	err := row.Scan(&r.Team, &r.Was, &r.Rule)
	return r, err
}

const selectRenames = "SELECT team, was, rule FROM renames ORDER BY team, was"

// RenameRules makes these all the renamings there are. What a rule remembers under its former name it has under the new
// one from then on: when it was first seen and first acted, what it holds, what it did once, and that it is held. What a replica still
// decides under the former name is written under the new one. Actions and decisions keep the name that they were made by.
func (s *Store) RenameRules(ctx context.Context, all []Renaming) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b Renaming) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.Was, b.Was))
	})
	known, err := s.renames(ctx, s.read)
	if err != nil || slices.Equal(known, all) {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		// Who writes opinions at this moment ends first; who comes later sees the new names.
		if s.dialect.alone != "" {
			if _, err := t.exec(ctx, fmt.Sprintf(s.dialect.alone, "renames, opinions, onces, reported")); err != nil {
				return fmt.Errorf("rename rules: %w", err)
			}
		}
		if _, err := t.exec(ctx, "DELETE FROM renames"); err != nil {
			return fmt.Errorf("rename rules: %w", err)
		}
		for _, r := range all {
			if err := t.rename(ctx, r); err != nil {
				return fmt.Errorf("rename %s/%s to %s: %w", r.Team, r.Was, r.Rule, err)
			}
		}
		return nil
	})
}

func (s *Store) renames(ctx context.Context, q querier) ([]Renaming, error) {
	out, err := all(ctx, q, scanRenaming, selectRenames)
	if err != nil {
		return nil, fmt.Errorf("read how rules were called: %w", err)
	}
	return out, nil
}

// sameOpinion finds, for a row o of opinions, the one that the other rule holds of the same thing.
const sameOpinion = `FROM opinions n WHERE n.server = o.server AND n.change_num = o.change_num AND n.revision = o.revision
	AND n.kind = o.kind AND n.target = o.target AND n.about = o.about AND n.team = o.team AND n.rule = `

// rename moves what a rule remembers. Where both names know something, the later news count.
func (t *tx) rename(ctx context.Context, r Renaming) error {
	for _, statement := range []string{
		"INSERT INTO renames (team, was, rule) VALUES ($1, $2, $3)",
		`INSERT INTO begins (source, server, project, team, rule, begin_ms)
			SELECT source, server, project, team, CAST($3 AS TEXT), begin_ms FROM begins WHERE team = $1 AND rule = $2 ON CONFLICT DO NOTHING`,
		"DELETE FROM begins WHERE team = $1 AND rule = $2 AND rule <> $3",
		`DELETE FROM opinions AS o WHERE o.team = $1 AND o.rule = $3 AND EXISTS (SELECT 1 ` + sameOpinion + `$2
			AND (n.made_ms > o.made_ms OR n.made_ms = o.made_ms AND n.run > o.run))`,
		"DELETE FROM opinions AS o WHERE o.team = $1 AND o.rule = $2 AND EXISTS (SELECT 1 " + sameOpinion + "$3)",
		"UPDATE opinions SET rule = $3 WHERE team = $1 AND rule = $2",
		`DELETE FROM onces AS o WHERE o.team = $1 AND o.rule = $2 AND EXISTS (SELECT 1 FROM onces n
			WHERE n.team = o.team AND n.rule = $3 AND n.action_key = o.action_key AND n.thing = o.thing)`,
		"UPDATE onces SET rule = $3 WHERE team = $1 AND rule = $2",
		`INSERT INTO guards (team, rule, first_ms, since_ms)
			SELECT team, CAST($3 AS TEXT), first_ms, since_ms FROM guards WHERE team = $1 AND rule = $2 ON CONFLICT DO NOTHING`,
		`DELETE FROM reported AS o WHERE o.team = $1 AND o.rule = $2 AND EXISTS (SELECT 1 FROM reported n WHERE n.server = o.server
			AND n.change_num = o.change_num AND n.revision = o.revision AND n.label = o.label AND n.team = o.team AND n.rule = $3)`,
		"UPDATE reported SET rule = $3 WHERE team = $1 AND rule = $2",
		`INSERT INTO holds (scope, reason, held_by, since_ms)
			SELECT 'rule:' || CAST($1 AS TEXT) || '/' || CAST($3 AS TEXT), reason, held_by, since_ms FROM holds
			WHERE scope = 'rule:' || CAST($1 AS TEXT) || '/' || CAST($2 AS TEXT) ON CONFLICT DO NOTHING`,
	} {
		if _, err := t.exec(ctx, statement, r.Team, r.Was, r.Rule); err != nil {
			return err
		}
	}
	return nil
}

// underNewNames gives what a decision writes the present names of its rules: it may have been made by a set of before.
func (t *tx) underNewNames(ctx context.Context, v Verdict) (Verdict, error) {
	if len(v.Opinions)+len(v.Onces) == 0 {
		return v, nil
	}
	known, err := t.s.renames(ctx, t)
	if err != nil || len(known) == 0 {
		return v, err
	}
	name := func(team, rule string) string {
		i := slices.IndexFunc(known, func(r Renaming) bool { return r.Team == team && r.Was == rule })
		if i < 0 {
			return rule
		}
		return known[i].Rule
	}
	v.Opinions, v.Onces = slices.Clone(v.Opinions), slices.Clone(v.Onces)
	for i, o := range v.Opinions {
		v.Opinions[i].Rule = name(o.Team, o.Rule)
	}
	for i, o := range v.Onces {
		v.Onces[i].Rule = name(o.Team, o.Rule)
	}
	return v, nil
}
