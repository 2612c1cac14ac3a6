package store

import (
	"context"
	"fmt"
)

// Cursor reads a poller's place; it is "" when there is none yet.
func (s *Store) Cursor(ctx context.Context, name string) (string, error) {
	value, _, err := first(ctx, s.read, text, "SELECT value FROM cursors WHERE name = $1", name)
	if err != nil {
		return "", fmt.Errorf("read cursor %s: %w", name, err)
	}
	return value, nil
}

// SetCursor moves a poller's place by itself. A poll that found events moves it with them, by Accept.
func (s *Store) SetCursor(ctx context.Context, name, value string) error {
	return s.write(ctx, func(t *tx) error { return t.setCursor(ctx, Cursor{name, value}) })
}

func (t *tx) setCursor(ctx context.Context, c Cursor) error {
	_, err := t.exec(ctx, "INSERT INTO cursors (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", c.Name, c.Value)
	if err != nil {
		return fmt.Errorf("write cursor %s: %w", c.Name, err)
	}
	return nil
}
