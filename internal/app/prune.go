package app

import (
	"context"
	"time"

	"verdict/internal/store"
)

// pruneEvery is how often what is over is thrown away.
const pruneEvery = time.Hour

// prune throws away, once an hour, what was kept long enough.
func (b *bot) prune(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		events, decisions, err := b.store.Prune(ctx, store.Retention{Events: b.cfg.Retention.Events, Decisions: b.cfg.Retention.Decisions})
		if err != nil && ctx.Err() == nil {
			b.log.Warn().Err(err).Msg("old events could not be pruned")
		}
		if events+decisions > 0 {
			b.log.Info().Int64("events", events).Int64("decisions", decisions).Msg("pruned")
		}
	}
}
