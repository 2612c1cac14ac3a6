package deliver

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"verdict/gerrit"
)

// trouble counts failures in a row, by lane and by server. While a server is in trouble its lanes are left alone but
// for one try now and then: a hundred lanes that each ask again would keep it down, or lock our account. It is only
// this process's memory: a restart begins anew, which is one more try.
type trouble struct {
	mu       sync.Mutex
	failures map[string]int
	until    map[string]time.Time // by server
}

// note counts a failure and says how long the lane is to be left alone.
func (t *trouble) note(lane string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failures == nil {
		t.failures, t.until = map[string]int{}, map[string]time.Time{}
	}
	server := serverOf(lane)
	t.failures[lane]++
	t.failures[server]++
	t.until[server] = time.Now().Add(backoff(t.failures[server]))
	return backoff(t.failures[lane])
}

// wait is how long the lane's server is to be left alone.
func (t *trouble) wait(lane string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(time.Until(t.until[serverOf(lane)]), 0)
}

func (t *trouble) clear(lane string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failures, lane)
	delete(t.failures, serverOf(lane))
	delete(t.until, serverOf(lane))
}

// serverOf is the Gerrit of a change's lane; the lanes of groups are all Taskcluster's.
func serverOf(lane string) string {
	server, _, _ := strings.Cut(lane, "~")
	return "server " + server
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
