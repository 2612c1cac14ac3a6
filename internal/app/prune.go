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
	return every(ctx, pruneEvery, nil, func(ctx context.Context) {
		events, decisions, err := b.store.Prune(ctx, store.Retention{Events: b.cfg.Retention.Events, Decisions: b.cfg.Retention.Decisions})
		if err != nil && ctx.Err() == nil {
			b.log.Warn().Err(err).Msg("old events could not be pruned")
		}
		if events+decisions > 0 {
			b.log.Info().Int64("events", events).Int64("decisions", decisions).Msg("pruned")
		}
	})
}
