package deliver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"verdict/gerrit"
)

// trouble is what keeps one server's failures from the others: it counts the workers that each server has, and its
// failures in a row. While a server is in trouble its lanes are left alone but for one try now and then: a hundred
// lanes that each ask again would keep it down, or lock our account. It is only this process's memory: a restart begins
// anew, which is one more try.
type trouble struct {
	mu    sync.Mutex
	lanes map[string]int // failures in a row, by lane
	at    map[string]*health
}

// health is how a server fares.
type health struct {
	workers  int // that are in its lanes
	failures int // in a row
	until    time.Time
}

// of is the health of a lane's server. The lock is held.
func (t *trouble) of(lane string) *health {
	if t.at == nil {
		t.at, t.lanes = map[string]*health{}, map[string]int{}
	}
	server := serverOf(lane)
	if t.at[server] == nil {
		t.at[server] = &health{}
	}
	return t.at[server]
}

// avoid are the servers whose lanes are not to be worked on now: those that have all their workers, and those in
// trouble, until it is time for one try.
func (t *trouble) avoid(workers int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var servers []string
	for name, s := range t.at {
		switch {
		case s.workers >= workers, s.failures > 0 && (s.workers > 0 || time.Now().Before(s.until)):
			servers = append(servers, name)
		}
	}
	slices.Sort(servers)
	return servers
}

// enter and leave count a server's workers.
func (t *trouble) enter(lane string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(lane).workers++
}

func (t *trouble) leave(lane string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(lane).workers--
}

// note counts a failure and says how long the lane is to be left alone. Of lanes that fail at the same time, one
// counts for the server.
func (t *trouble) note(lane string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.of(lane)
	t.lanes[lane]++
	if now := time.Now(); !now.Before(s.until) {
		s.failures++
		s.until = now.Add(backoff(s.failures))
	}
	return backoff(t.lanes[lane])
}

func (t *trouble) clear(lane string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.of(lane)
	delete(t.lanes, lane)
	s.failures, s.until = 0, time.Time{}
}

// serverOf is the Gerrit of a change's lane; the lanes of groups are all Taskcluster's.
func serverOf(lane string) string {
	server, _, _ := strings.Cut(lane, "~")
	return server
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
