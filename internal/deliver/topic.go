package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"verdict/gerrit"
	"verdict/internal/store"
)

// topics sets the topic, in a call of its own: the last action's counts. It answers true when it wrote. Where nobody
// hears the outcome, the next attempt finds the topic as it wants it, or Gerrit's message that it was.
func (r *laneRun) topics(ctx context.Context, c *change, todo []work) (bool, error) {
	var outcomes []store.Outcome
	todo = slices.DeleteFunc(ofKind(todo, KindTopic), func(w work) bool {
		o, ended := c.topicEnded(w)
		if ended {
			outcomes = append(outcomes, o)
		}
		return ended
	})
	if err := r.finish(ctx, outcomes, store.Effects{}); err != nil || len(todo) == 0 {
		return false, err
	}
	want := todo[len(todo)-1].args.Topic
	if c.info.Topic == want {
		return false, r.finish(ctx, allDone(todo), store.Effects{})
	}
	err := r.attempt(ctx, c.starts(todo), func(ctx context.Context) error {
		got, err := c.gerrit.SetTopic(ctx, c.id, want)
		if err == nil && got != want {
			err = notKeptError(fmt.Sprintf("Gerrit made %q of the topic %q", got, want))
		}
		return err
	})
	return r.ended(ctx, c, todo, err, "set the topic")
}

// topicEnded says how an action ended for which there is nothing to write: its topic was set and is another one again,
// or somebody set one since the rule decided.
func (c *change) topicEnded(w work) (store.Outcome, bool) {
	now, before := c.info.Topic, w.args.Before
	switch {
	case c.did(w, gerrit.TagTopic):
		return done(w, ""), true
	case before != nil && now != before.Topic && now != w.args.Topic && !c.lastIsOurs(gerrit.TagTopic):
		return outcome(w.Action, store.ActionSuperseded, fmt.Sprintf("somebody set the topic to %q since the rule decided", now)), true
	}
	return store.Outcome{}, false
}

// notKeptError says that Gerrit took something and made something else of it. To ask again would lead to the same.
type notKeptError string

func (e notKeptError) Error() string { return string(e) }

// ended writes the outcome of a call that several actions share. It answers true when the call changed something.
func (r *laneRun) ended(ctx context.Context, c *change, works []work, err error, what string) (bool, error) {
	if err == nil {
		return true, r.finish(ctx, allDone(works), store.Effects{})
	}
	reason, ok := refused(err)
	var other notKeptError
	if errors.As(err, &other) {
		reason, ok = other.Error(), true
	}
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
	return slices.DeleteFunc(slices.Clone(todo), func(w work) bool { return !slices.Contains(kinds, w.Kind) })
}
