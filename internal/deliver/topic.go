package deliver

import (
	"context"
	"fmt"

	"verdict/internal/store"
)

// topics sets the topic, in a call of its own: the last action's counts. It answers true when it wrote.
func (r *laneRun) topics(ctx context.Context, c *change, todo []work) (bool, error) {
	todo = ofKind(todo, KindTopic)
	if len(todo) == 0 {
		return false, nil
	}
	want := todo[len(todo)-1].args.Topic
	if c.info.Topic == want {
		return false, r.finish(ctx, allDone(todo), store.Effects{})
	}
	err := r.attempt(ctx, starts(todo, c.lastMessage()), func(ctx context.Context) error {
		got, err := c.gerrit.SetTopic(ctx, c.id, want)
		if err == nil && got != want {
			err = fmt.Errorf("Gerrit made %q of the topic %q", got, want)
		}
		return err
	})
	return r.ended(ctx, c, todo, err, "set the topic")
}

// ended writes the outcome of a call that several actions share.
func (r *laneRun) ended(ctx context.Context, c *change, works []work, err error, what string) (bool, error) {
	if err == nil {
		return true, r.finish(ctx, allDone(works), store.Effects{})
	}
	reason, ok := refused(err)
	if !ok {
		return false, fmt.Errorf("%s of %s: %w", what, c.id, err)
	}
	var outcomes []store.Outcome
	for _, w := range works {
		outcomes = append(outcomes, outcome(w.Action, store.ActionDead, reason))
	}
	return false, r.finish(ctx, outcomes, store.Effects{})
}

func ofKind(todo []work, kinds ...string) []work {
	var out []work
	for _, w := range todo {
		for _, kind := range kinds {
			if w.Kind == kind {
				out = append(out, w)
			}
		}
	}
	return out
}
