package deliver

import (
	"context"
	"fmt"
	"sync"

	"verdict/gerrit"
)

// trouble counts failures in a row, by lane. It is only this process's memory: a restart begins anew, which is
// one more try.
type trouble struct {
	mu       sync.Mutex
	failures map[string]int
}

func (t *trouble) note(lane string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failures == nil {
		t.failures = map[string]int{}
	}
	t.failures[lane]++
	return t.failures[lane]
}

func (t *trouble) clear(lane string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failures, lane)
}

// accounts remembers who we are on each server: asked once.
type accounts struct {
	mu sync.Mutex
	id map[string]int64
}

func (a *accounts) self(ctx context.Context, server string, g Gerrit) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id, ok := a.id[server]; ok {
		return id, nil
	}
	info, err := g.GetAccountInfo(ctx, "self")
	if err != nil {
		return 0, fmt.Errorf("ask %s who we are: %w", server, err)
	}
	if a.id == nil {
		a.id = map[string]int64{}
	}
	a.id[server] = info.NumericID
	return info.NumericID, nil
}

var _ Gerrit = (*gerrit.Client)(nil)
