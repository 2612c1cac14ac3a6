package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// writeLinks keeps the first link of a task or group, but one that the bot made replaces one that was only seen.
func (t *tx) writeLinks(ctx context.Context, links []Link) error {
	for _, l := range slices.SortedFunc(slices.Values(links), func(a, b Link) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) }) {
		_, err := t.exec(ctx, `INSERT INTO links (kind, id, server, change_num, patchset, revision, project, branch, made_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (kind, id) DO UPDATE SET server = excluded.server, change_num = excluded.change_num, patchset = excluded.patchset,
				revision = excluded.revision, project = excluded.project, branch = excluded.branch, made_by = excluded.made_by
			WHERE links.made_by = '' AND excluded.made_by <> ''`,
			l.Kind, l.ID, l.Server, l.Change, l.Patchset, l.Revision, l.Project, l.Branch, l.By)
		if err != nil {
			return fmt.Errorf("link %s %s: %w", l.Kind, l.ID, err)
		}
	}
	return nil
}

func scanLink(row scanner) (Link, error) {
	var l Link
	err := row.Scan(&l.Kind, &l.ID, &l.Server, &l.Change, &l.Patchset, &l.Revision, &l.Project, &l.Branch, &l.By)
	return l, err
}

// Link tells which patchset a task or a group was made for; ok is false where nobody said.
func (s *Store) Link(ctx context.Context, kind, id string) (l Link, ok bool, err error) {
	l, ok, err = first(ctx, s.read, scanLink, `SELECT kind, id, server, change_num, patchset, revision, project, branch, made_by
		FROM links WHERE kind = $1 AND id = $2`, kind, id)
	if err != nil {
		return Link{}, false, fmt.Errorf("read the link of %s %s: %w", kind, id, err)
	}
	return l, ok, nil
}

// GroupsOf are the task groups that are known to be for a revision of a change.
func (s *Store) GroupsOf(ctx context.Context, server string, change int, revision string) ([]string, error) {
	ids, err := all(ctx, s.read, text, `SELECT id FROM links WHERE server = $1 AND change_num = $2 AND revision = $3 AND kind = 'group' ORDER BY id`,
		server, change, revision)
	if err != nil {
		return nil, fmt.Errorf("list the groups of %s~%d: %w", server, change, err)
	}
	return ids, nil
}

// Undecided tells whether something that is known of a group's tasks waits to be decided, but for what became of them
// in the end.
func (s *Store) Undecided(ctx context.Context, groupID string) (bool, error) {
	_, some, err := first(ctx, s.read, text, `SELECT id FROM events WHERE state IN ('received', 'deciding') AND group_id = $1
		AND task_id <> '' AND type <> 'settled' LIMIT 1`, groupID)
	if err != nil {
		return false, fmt.Errorf("look for what is undecided of group %s: %w", groupID, err)
	}
	return some, nil
}
