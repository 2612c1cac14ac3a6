package app

import (
	"context"
	"time"
)

// expireEvery is how often it is looked which actions have waited for approval long enough.
const expireEvery = time.Minute

// expire cancels what nobody has approved in its time. Approving it is refused from that moment on, before this has
// looked.
func (b *bot) expire(ctx context.Context) error {
	return every(ctx, expireEvery, nil, func(ctx context.Context) {
		expired, err := b.store.ExpireWaiting(ctx)
		if err != nil && ctx.Err() == nil {
			b.log.Warn().Err(err).Msg("it can't be told what nobody approved in time")
		}
		for _, a := range expired {
			b.log.Info().Str("action", a.ID).Str("rule", a.Team+"/"+a.Rule).Str("lane", a.Lane).Str("state", string(a.State)).Str("reason", a.Reason).Msg("action")
		}
	})
}
