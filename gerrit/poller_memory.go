package gerrit

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// memory keeps what was seen for a Poller that has nobody who does.
type memory struct {
	mu   sync.Mutex
	seen map[int]Seen
}

// SeenChanges implements SeenReader.
func (m *memory) SeenChanges(_ context.Context, _ string, changes []int) ([]Seen, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Seen
	for _, n := range changes {
		if s, ok := m.seen[n]; ok {
			found = append(found, s)
		}
	}
	return found, nil
}

// OpenSeen implements SeenReader.
func (m *memory) OpenSeen(_ context.Context, _ string, after, limit int) ([]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var open []int
	for _, n := range slices.Sorted(maps.Keys(m.seen)) {
		if n > after && m.seen[n].State == SeenOpen && len(open) < limit {
			open = append(open, n)
		}
	}
	return open, nil
}

// accept keeps what was seen once the inbox has taken the rest.
func (m *memory) accept(ctx context.Context, inbox Inbox, found Found) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range found.Seen {
		if m.seen[s.Change].Version != s.Version {
			return ErrMoved
		}
	}
	if err := inbox.AcceptChanges(ctx, found); err != nil {
		return err
	}
	if m.seen == nil {
		m.seen = map[int]Seen{}
	}
	for _, s := range found.Seen {
		s.Version++
		m.seen[s.Change] = s
	}
	return nil
}
