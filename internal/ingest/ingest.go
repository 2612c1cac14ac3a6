// Package ingest makes durable events of what the sources bring.
//
// A pulse message, what a poll or a hint found at Gerrit: each becomes a store.Event whose id is its identity, so that
// the same occurrence is one event by whatever way and however often it comes. Every event is kept, matched or
// not; a batch is one transaction, and only after its commit is it acknowledged. What an event leads to is
// left to internal/decide. It writes the tables events, cursors and seen_changes. internal/app calls it.
package ingest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fastjson"

	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
)

// Store is what ingest needs of internal/store.
type Store interface {
	Accept(ctx context.Context, in store.Intake) (added int, err error)
	RecentHint(ctx context.Context, prefix string, within time.Duration) (id string, ok bool, err error)
	Cursor(ctx context.Context, name string) (string, error)
	SeenChanges(ctx context.Context, server string, changes []int) ([]store.SeenChange, error)
	OpenSeen(ctx context.Context, server string, after, limit int) ([]int, error)
}

// Inbox takes in what the sources bring. It is safe for concurrent use.
type Inbox struct {
	Store Store
	// Rules gives the rule set in force.
	Rules func() *rules.Set
	// ExchangePrefix is what Taskcluster's exchanges begin with: "exchange/taskcluster-".
	ExchangePrefix string
	// Accepted is told how many events of a batch were new and what state they have; nil: nobody is.
	Accepted func(source string, state store.EventState, n int)

	shorts sync.Map // exchange → short name
	backlog
}

// hintMemory is how long a hint that is marked redelivered is taken for the one that came before with the same
// bytes.
const hintMemory = 10 * time.Minute

// AcceptMessages stores a batch of pulse messages. It returns nil only after the commit: then they may be
// acknowledged. A message that can't be read is kept too, as parked.
func (in *Inbox) AcceptMessages(ctx context.Context, batch []pulse.Message) error {
	set := in.Rules()
	events := make([]store.Event, 0, len(batch))
	var candidates []rules.Candidate
	for i := range batch {
		var ev store.Event
		err := read(batch[i].Body, func(m *fastjson.Value) error {
			var err error
			if ev, err = in.fromMessage(ctx, &batch[i], m); err != nil || ev.State == store.EventParked {
				return err
			}
			candidates = in.match(set, &ev, &batch[i], (*message)(m), candidates[:0])
			return nil
		})
		if err != nil {
			return err
		}
		ev.SetHash = set.Hash()
		events = append(events, ev)
	}
	if err := in.accept(ctx, store.Intake{Events: events}); err != nil {
		return fmt.Errorf("store %d pulse messages: %w", len(batch), err)
	}
	in.took(len(batch))
	return nil
}

func (in *Inbox) match(set *rules.Set, ev *store.Event, m *pulse.Message, payload rules.Payload, dst []rules.Candidate) []rules.Candidate {
	dst = set.Match(rules.Occurrence{Source: "pulse", Type: m.Exchange, RoutingKey: m.RoutingKey, Routes: m.Routes, Payload: payload}, dst)
	ev.State = store.EventUnmatched
	if len(dst) > 0 {
		ev.State = store.EventReceived
		return dst
	}
	if task, group := set.Derives(m.Exchange); task || group || set.Awaits(m.Exchange) {
		ev.State = store.EventReceived
	}
	return dst
}

func (in *Inbox) fromMessage(ctx context.Context, m *pulse.Message, payload *fastjson.Value) (store.Event, error) {
	short := in.short(m.Exchange)
	ev := store.Event{
		Source: "pulse", Type: short, RoutingKey: m.RoutingKey, Routes: strings.Join(m.Routes, "\n"),
		Received: m.Received, BodyVersion: 1, Body: m.Body,
	}
	var o occurrence
	err := errNotJSON
	if payload != nil {
		o, err = identify(short, m.Exchange, payload)
	}
	if err != nil {
		ev.State, ev.Error = store.EventParked, err.Error()
	}
	ev.ID, ev.TaskID, ev.GroupID, ev.Time = o.id, o.taskID, o.groupID, o.time
	if ev.ID == "" {
		ev.Hint = true
		if ev.ID, err = in.hintID(ctx, m); err != nil {
			return ev, err
		}
	}
	return ev, nil
}

// hintID gives a hint an id of its own, unless the broker says that it brought it before and it did, with the
// same bytes, a short while ago.
func (in *Inbox) hintID(ctx context.Context, m *pulse.Message) (string, error) {
	prefix := ID("hint", m.Exchange, m.RoutingKey, string(m.Body))[:16]
	if m.Redelivered {
		id, ok, err := in.Store.RecentHint(ctx, prefix, hintMemory)
		if err != nil {
			return "", fmt.Errorf("look for the hint %s: %w", prefix, err)
		}
		if ok {
			return id, nil
		}
	}
	return prefix + strings.ToLower(rand.Text())[:idLength-len(prefix)], nil
}

func (in *Inbox) accept(ctx context.Context, intake store.Intake) error {
	if _, err := in.Store.Accept(ctx, intake); err != nil {
		return err
	}
	if in.Accepted == nil {
		return nil
	}
	for _, ev := range intake.Events {
		in.Accepted(ev.Source, ev.State, 1)
	}
	return nil
}

func (in *Inbox) short(exchange string) string {
	if s, ok := in.shorts.Load(exchange); ok {
		return s.(string)
	}
	s := ShortName(in.ExchangePrefix, exchange)
	in.shorts.Store(exchange, s)
	return s
}
