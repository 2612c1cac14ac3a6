package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/ruleset"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
)

const (
	// beatEvery is how often a process says that it lives; one that was silent for ruleset.PresumedDead is not counted.
	beatEvery = 10 * time.Second
	// unneeded is how long a binding stays that no process needs: rules that are edited back and forth, or a
	// process that is replaced, lose no message.
	unneeded = 10 * time.Minute
)

// replicaStore is what replicas need of internal/store.
type replicaStore interface {
	Beat(ctx context.Context, r store.Replica) ([]store.Replica, error)
	Cursor(ctx context.Context, name string) (string, error)
	SetCursor(ctx context.Context, name, value string) error
}

// replicas tells the other processes on the same store what this one needs, and binds their common queue to what
// any of them does.
type replicas struct {
	id, queue, prefix string
	store             replicaStore
	set               func() *rules.Set
	name              func() string         // of the set, as others know it
	bind              func([]pulse.Binding) // nil without pulse
	log               zerolog.Logger
	// changed asks for a beat at once: the rules are others now.
	changed chan struct{}

	mu     sync.Mutex
	others []store.Replica
	needed map[pulse.Binding]time.Time // when a binding was last needed
	saved  string
}

// run beats until ctx ends.
func (r *replicas) run(ctx context.Context) error {
	return every(ctx, beatEvery, r.changed, func(ctx context.Context) {
		if err := r.beat(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn().Err(err).Msg("this replica could not say that it lives")
		}
	})
}

// beat says that this process lives and what it needs, and binds what all need.
func (r *replicas) beat(ctx context.Context) error {
	set := r.set()
	own := store.Replica{ID: r.id, SetHash: r.name()}
	for _, b := range set.Bindings(r.prefix) {
		own.Bindings = append(own.Bindings, b.Exchange+" "+b.RoutingKey)
	}
	all, err := r.store.Beat(ctx, own)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = all
	if r.bind == nil {
		return nil
	}
	wanted := r.union(all, time.Now())
	if err := r.save(ctx); err != nil {
		return err
	}
	r.bind(wanted)
	return nil
}

// union is what any process needs, or did a short while ago.
func (r *replicas) union(all []store.Replica, now time.Time) []pulse.Binding {
	if r.needed == nil {
		r.needed = map[pulse.Binding]time.Time{}
	}
	for _, other := range all {
		for _, line := range other.Bindings {
			exchange, key, _ := strings.Cut(line, " ")
			r.needed[pulse.Binding{Exchange: exchange, RoutingKey: key}] = now
		}
	}
	wanted := make([]pulse.Binding, 0, len(r.needed))
	for b, last := range r.needed {
		if now.Sub(last) > unneeded {
			delete(r.needed, b)
			continue
		}
		wanted = append(wanted, b)
	}
	slices.SortFunc(wanted, func(a, b pulse.Binding) int {
		return strings.Compare(a.Exchange+" "+a.RoutingKey, b.Exchange+" "+b.RoutingKey)
	})
	return wanted
}

// save keeps which bindings the queue may have: AMQP can't list them, and a later process must take away what
// nobody needs any more. It is written before anything is bound.
func (r *replicas) save(ctx context.Context) error {
	list := make([]string, 0, len(r.needed))
	for b := range r.needed {
		list = append(list, b.Exchange+" "+b.RoutingKey)
	}
	slices.Sort(list)
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the queue's bindings: %w", err)
	}
	if string(text) == r.saved {
		return nil
	}
	if err := r.store.SetCursor(ctx, r.cursor(), string(text)); err != nil {
		return err
	}
	r.saved = string(text)
	return nil
}

func (r *replicas) cursor() string { return "bindings " + r.queue }

// former are the bindings that earlier processes may have left. They stay for as long as any that was needed a
// moment ago.
func (r *replicas) former(ctx context.Context) ([]pulse.Binding, error) {
	text, err := r.store.Cursor(ctx, r.cursor())
	if err != nil {
		return nil, err
	}
	var list []string
	if text != "" {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("read the queue's former bindings: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.needed = map[pulse.Binding]time.Time{}
	var former []pulse.Binding
	for _, line := range list {
		exchange, key, _ := strings.Cut(line, " ")
		b := pulse.Binding{Exchange: exchange, RoutingKey: key}
		r.needed[b] = time.Now()
		former = append(former, b)
	}
	return former, nil
}

// alive are the processes that said so lately, this one among them.
func (r *replicas) alive() []store.Replica {
	r.mu.Lock()
	defer r.mu.Unlock()
	var latest time.Time
	for _, o := range r.others {
		if o.Seen.After(latest) {
			latest = o.Seen
		}
	}
	return slices.DeleteFunc(slices.Clone(r.others), func(o store.Replica) bool { return latest.Sub(o.Seen) > ruleset.PresumedDead })
}

// live is how many there are, for the consumer: more readers of the queue than these are foreign.
func (r *replicas) live() int { return max(1, len(r.alive())) }
