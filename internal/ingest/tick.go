package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// Tick is what a tick says: the body of its event, and `event` in rules.
type Tick struct {
	Cron      string    `json:"cron"`
	Zone      string    `json:"zone"`
	Server    string    `json:"server"`
	Query     string    `json:"query"`
	Scheduled time.Time `json:"scheduled"`
}

// Of is the tick as rules name it.
func (t Tick) Of() rules.Tick {
	return rules.Tick{Cron: t.Cron, Zone: t.Zone, Server: t.Server, Query: t.Query}
}

// TickEvent is the event of a clock's tick. It is known by what ticks and by the time that it ticks for, so that
// replicas, and a bot that starts again, make one of it.
func TickEvent(t rules.Tick, scheduled time.Time) (store.Event, error) {
	scheduled = scheduled.UTC()
	body, err := json.Marshal(Tick{Cron: t.Cron, Zone: t.Zone, Server: t.Server, Query: t.Query, Scheduled: scheduled})
	if err != nil {
		return store.Event{}, fmt.Errorf("encode a tick of %s: %w", t.Name(), err)
	}
	return store.Event{
		ID:     ID("cron", t.Cron, t.Zone, t.Server, t.Query, scheduled.Format(time.RFC3339)),
		Source: "cron", Type: "tick", RoutingKey: t.Name(), Time: scheduled, State: store.EventReceived, BodyVersion: 1, Body: body,
	}, nil
}

// AcceptTick stores a tick. One that is known changes nothing.
func (in *Inbox) AcceptTick(ctx context.Context, t rules.Tick, scheduled time.Time) error {
	ev, err := TickEvent(t, scheduled)
	if err != nil {
		return err
	}
	ev.SetHash = in.Rules().Hash()
	if err := in.accept(ctx, store.Intake{Events: []store.Event{ev}}); err != nil {
		return fmt.Errorf("store the tick of %s at %s: %w", t.Name(), scheduled.UTC().Format(time.RFC3339), err)
	}
	return nil
}
