package deliver

import (
	"context"
	"errors"
	"fmt"

	"verdict/gerrit"
	"verdict/internal/store"
)

// isClosing tells whether a kind opens, closes or merges the change.
func isClosing(kind string) bool {
	return kind == KindAbandon || kind == KindRestore || kind == KindSubmit
}

// closings does the first of what opens, closes or merges the change; it comes last, when all else that its rule has
// to say and to set is there. It answers true when the change is worth another look.
//
// Where nobody hears the outcome the next attempt looks first: our marker in Gerrit's message tells that the change was
// abandoned or restored, whatever somebody made of it since; a merged change is merged.
func (r *laneRun) closings(ctx context.Context, c *change, todo []work) (bool, error) {
	todo = ofKind(todo, KindAbandon, KindRestore, KindSubmit)
	if len(todo) == 0 {
		return false, nil
	}
	w := todo[0]
	// The marker is in the message even where the rule has nothing to say: by it the bot knows its own deed.
	message := r.d.Marker.Compose([]string{w.args.Message}, []string{w.ID})
	err := r.attempt(ctx, c.starts(todo[:1]), func(ctx context.Context) error {
		switch w.Kind {
		case KindAbandon:
			return c.gerrit.AbandonChange(ctx, c.id, message)
		case KindRestore:
			return c.gerrit.RestoreChange(ctx, c.id, message)
		}
		return c.submit(ctx)
	})
	if errors.Is(err, gerrit.ErrConflict) {
		moved, lookErr := r.movedSince(ctx, c, w)
		if lookErr != nil {
			return false, lookErr
		}
		if moved { // the next look says how, and ends the action
			return true, r.finish(ctx, []store.Outcome{outcome(w.Action, store.ActionRetrying, err.Error())}, store.Effects{})
		}
	}
	done, err := r.ended(ctx, c, todo[:1], err, w.Kind)
	return done || err == nil && len(todo) > 1, err
}

// movedSince tells whether somebody opened, closed or merged the change, or pushed to it, since it was looked at.
func (r *laneRun) movedSince(ctx context.Context, c *change, w work) (bool, error) {
	now, gone, err := r.read(ctx, w.Action)
	if err != nil {
		return false, err
	}
	return gone != "" || now.info.Status != c.info.Status || now.info.CurrentRevision != c.info.CurrentRevision, nil
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
	message, ok := r.said(c, w)
	return done(w, message), ok
}
