package deliver

import (
	"context"
	"fmt"

	"verdict/gerrit"
	"verdict/internal/store"
)

// isClosing tells whether a kind opens, closes or merges the change.
func isClosing(kind string) bool {
	return kind == KindAbandon || kind == KindRestore || kind == KindSubmit
}

// closings does the first of what opens, closes or merges the change; it comes last, when all else that its rule has
// to say and to set is there. It answers true when it did something.
func (r *laneRun) closings(ctx context.Context, c *change, todo []work) (bool, error) {
	todo = ofKind(todo, KindAbandon, KindRestore, KindSubmit)
	if len(todo) == 0 {
		return false, nil
	}
	w := todo[0]
	// The marker is in the message even where the rule has nothing to say: by it the bot knows its own deed.
	message := r.d.Marker.Compose([]string{w.args.Message}, []string{w.ID})
	err := r.attempt(ctx, starts(todo[:1], c.lastMessage()), func(ctx context.Context) error {
		switch w.Kind {
		case KindAbandon:
			return c.gerrit.AbandonChange(ctx, c.id, message)
		case KindRestore:
			return c.gerrit.RestoreChange(ctx, c.id, message)
		}
		return c.submit(ctx)
	})
	done, err := r.ended(ctx, c, todo[:1], err, w.Kind)
	return done || err == nil && len(todo) > 1, err
}

// submit merges the patchset that was looked at, and no other.
func (c *change) submit(ctx context.Context) error {
	after, err := c.gerrit.SubmitRevision(ctx, c.id, c.info.CurrentRevision)
	if err == nil && after.Status != gerrit.ChangeStatusMerged {
		err = fmt.Errorf("Gerrit answered that the change is %s", after.Status)
	}
	return err
}

// achieved tells whether what opens, closes or merges the change is done: by an attempt whose outcome nobody heard,
// which our message on the change tells, or, of a merge, by whomever.
func (r *laneRun) achieved(c *change, w work) (store.Outcome, bool) {
	if w.Kind == KindSubmit && c.info.Status == gerrit.ChangeStatusMerged {
		return done(w, ""), true
	}
	if w.Kind != KindAbandon && w.Kind != KindRestore {
		return store.Outcome{}, false
	}
	for _, m := range c.ours() {
		if r.d.Marker.In(m.Message, w.ID) {
			return done(w, m.ID), true
		}
	}
	return store.Outcome{}, false
}
