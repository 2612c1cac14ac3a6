package store

import (
	"context"
	"fmt"
)

// Empty tells whether there is nothing to write.
func (e Effects) Empty() bool {
	return len(e.Posted)+len(e.TagsAdded)+len(e.TagsGone)+len(e.Reported)+len(e.Links) == 0
}

func (t *tx) writeEffects(ctx context.Context, e Effects) error {
	for _, p := range e.Posted {
		_, err := t.exec(ctx, `INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (server, change_num, revision, label) DO UPDATE SET value = excluded.value, signature = excluded.signature`,
			p.Server, p.Change, p.Revision, p.Label, p.Value, p.Signature)
		if err != nil {
			return fmt.Errorf("write what was posted on %s: %w", p.Label, err)
		}
	}
	for _, tag := range e.TagsGone {
		if _, err := t.exec(ctx, "DELETE FROM own_tags WHERE server = $1 AND change_num = $2 AND tag = $3", e.Server, e.Change, tag); err != nil {
			return fmt.Errorf("forget hashtag %s: %w", tag, err)
		}
	}
	for _, tag := range e.TagsAdded {
		_, err := t.exec(ctx, "INSERT INTO own_tags (server, change_num, tag) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", e.Server, e.Change, tag)
		if err != nil {
			return fmt.Errorf("note hashtag %s: %w", tag, err)
		}
	}
	if err := t.writeReported(ctx, e.Reported); err != nil {
		return err
	}
	return t.writeLinks(ctx, e.Links)
}

func scanPosted(row scanner) (Posted, error) {
	var p Posted
	err := row.Scan(&p.Server, &p.Change, &p.Revision, &p.Label, &p.Value, &p.Signature)
	return p, err
}

// PostedVotes are the last votes that we put on each label of each patchset of a change.
func (s *Store) PostedVotes(ctx context.Context, server string, change int) ([]Posted, error) {
	posted, err := all(ctx, s.read, scanPosted, `SELECT server, change_num, revision, label, value, signature FROM posted
		WHERE server = $1 AND change_num = $2 ORDER BY revision, label`, server, change)
	if err != nil {
		return nil, fmt.Errorf("read what was posted on change %d of %s: %w", change, server, err)
	}
	return posted, nil
}

// OwnTags are the hashtags of a change that our account added.
func (s *Store) OwnTags(ctx context.Context, server string, change int) ([]string, error) {
	tags, err := all(ctx, s.read, text, "SELECT tag FROM own_tags WHERE server = $1 AND change_num = $2 ORDER BY tag", server, change)
	if err != nil {
		return nil, fmt.Errorf("read our hashtags on change %d of %s: %w", change, server, err)
	}
	return tags, nil
}
