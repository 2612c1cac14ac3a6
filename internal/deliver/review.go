package deliver

import (
	"context"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/store"
)

// reviews posts what the labels ought to show and what the rules have to say. A vote that has to change goes at
// once, with all that its team is waiting to say; a message without one waits for neighbours. It answers true
// when it posted something.
func (r *laneRun) reviews(ctx context.Context, c *change, todo []work) (bool, error) {
	todo, err := r.settleKnown(ctx, c, c.spoken(todo))
	if err != nil {
		return false, err
	}
	votes, settled := c.votes()
	if c.info.Status != gerrit.ChangeStatusNew {
		votes = nil // a closed change takes no vote back: 409
	}
	texts := r.speaking(c, todo)
	lacking, asWanted := c.lacking(todo)
	if len(votes) > 0 {
		return true, r.postVotes(ctx, c, votes, lacking, texts, todo)
	}
	if len(lacking) > 0 {
		return true, r.post(ctx, c, gather(lacking[0], lacking, texts))
	}
	posted, err := r.postTexts(ctx, c, texts)
	if err != nil || posted {
		return posted, err
	}
	return false, r.finish(ctx, append(silent(todo), allDone(asWanted)...), store.Effects{Server: c.server, Change: c.number, Posted: settled})
}

// votes are those that differ from what Gerrit shows; settled are those that already show as they should.
// Labels of older patchsets count too: a vote that Gerrit copied to this one stays only if opinions on this one
// produce it.
func (c *change) votes() (votes, settled []store.Posted) {
	standing := Labels(c.opinions, c.info.CurrentRevision)
	for _, o := range c.opinions {
		if _, ok := standing[o.Target]; !ok && o.Kind == store.OpinionLabel {
			standing[o.Target] = Standing{}
		}
	}
	for label, s := range standing {
		p := store.Posted{Server: c.server, Change: c.number, Revision: c.info.CurrentRevision, Label: label, Value: s.Value, Signature: s.Signature}
		before, known := c.posted[label]
		switch {
		case c.vote(label) == s.Value:
			if s.Held && before != p {
				settled = append(settled, p)
			}
		case known && before == p:
			// Somebody removed our vote, and nothing is new: it stays away.
		default:
			votes = append(votes, p)
		}
	}
	slices.SortFunc(votes, func(a, b store.Posted) int { return strings.Compare(a.Label, b.Label) })
	return votes, settled
}

// settleKnown ends the actions whose message is on the change already: posted by an attempt whose outcome nobody heard,
// or by a replica that died. What went with the message, on lines, for people or for the state, went in the same call,
// so whatever of it doesn't show any more was undone by somebody. It gives those that are left.
func (r *laneRun) settleKnown(ctx context.Context, c *change, todo []work) (left []work, err error) {
	var outcomes []store.Outcome
	effects := store.Effects{Server: c.server, Change: c.number}
	for _, w := range todo {
		message, said := r.said(c, w)
		switch {
		case !w.speaks() || !said:
		case opines(w.Kind):
			effects.Reported = append(effects.Reported, r.reports(c, []work{w})...)
			w.args.Message = "" // said; the vote has still to be looked at
		default:
			outcomes = append(outcomes, done(w, message))
			continue
		}
		left = append(left, w)
	}
	return left, r.finish(ctx, outcomes, effects)
}

// said gives the id of our message on the change that carries an action.
func (r *laneRun) said(c *change, w work) (message string, ok bool) {
	for _, m := range c.ours() {
		if r.d.Marker.In(m.Message, w.ID) {
			return m.ID, true
		}
	}
	return "", false
}

// text is an action with something to say.
type text struct {
	work
	due bool
}

// speaks tells whether an action has something to say in a review.
func (w work) speaks() bool {
	return w.Kind == KindComment && len(w.args.Inline) > 0 ||
		w.args.Message != "" && (w.Kind == KindComment || opines(w.Kind) || isPart(w.Kind))
}

// speaking are the actions with something to say. What a team has to say before it closes the change waits for nothing.
func (r *laneRun) speaking(c *change, todo []work) []text {
	var out []text
	for _, w := range todo {
		if !w.speaks() {
			continue
		}
		closes := slices.ContainsFunc(todo, func(o work) bool { return isClosing(o.Kind) && o.Team == w.Team })
		wait := r.window(c) - r.now().Sub(w.Created)
		out = append(out, text{work: w, due: wait <= 0 || w.Attempts > 0 || isPart(w.Kind) || closes})
	}
	return out
}

// window is how long a message waits for neighbours: it doubles with each of ours on the current patchset.
func (r *laneRun) window(c *change) time.Duration {
	w := r.d.Window
	for _, m := range c.ours() {
		if m.RevisionNumber == c.patchset && strings.Contains(m.Message, "\nVerdict "+r.d.Marker.Instance+"/") {
			w = min(2*w, r.d.MaxWindow)
		}
	}
	return w
}

// postVotes changes the votes at once, with all that the voting rule's team waits to say with the same notify.
func (r *laneRun) postVotes(ctx context.Context, c *change, votes []store.Posted, lacking []work, texts []text, todo []work) error {
	p := post{}
	rest := slices.DeleteFunc(slices.Clone(todo), func(w work) bool {
		return !opines(w.Kind) && w.Kind != KindReconcile || w.args.Message != ""
	})
	if i := slices.IndexFunc(texts, func(t text) bool { return opines(t.Kind) }); i >= 0 {
		p = gather(texts[i].work, lacking, texts)
	} else if len(rest) > 0 {
		p.team = rest[0].Team
	}
	p.votes, p.rest = votes, rest
	if err := r.post(ctx, c, p); err != nil {
		return err
	}
	return r.followUp(ctx, c, todo[0].Action)
}

// followUp reads the change once more after a vote: where a new patchset came meanwhile, Gerrit may have copied the
// vote to it, and what stands there is brought about too.
func (r *laneRun) followUp(ctx context.Context, c *change, a store.Action) error {
	now, gone, err := r.look(ctx, a)
	if err != nil || gone != "" || now.info.CurrentRevision == c.info.CurrentRevision {
		return err
	}
	votes, _ := now.votes()
	if len(votes) == 0 || now.info.Status != gerrit.ChangeStatusNew {
		return nil
	}
	return r.post(ctx, now, post{votes: votes})
}

// postTexts posts the messages that have waited long enough, a team's together, and lets the others wait on.
func (r *laneRun) postTexts(ctx context.Context, c *change, texts []text) (posted bool, err error) {
	i := slices.IndexFunc(texts, func(t text) bool { return t.due })
	if i < 0 {
		return false, r.waitOn(ctx, c, texts)
	}
	return true, r.post(ctx, c, gather(texts[i].work, nil, texts))
}

func (r *laneRun) waitOn(ctx context.Context, c *change, texts []text) error {
	var outcomes []store.Outcome
	for _, t := range texts {
		wait := max(r.window(c)-r.now().Sub(t.Created), 0)
		if t.Due.After(r.now()) {
			continue // as its row says already
		}
		o := outcome(t.Action, store.ActionPending, "waits for neighbours")
		o.RetryIn = wait
		outcomes = append(outcomes, o)
	}
	return r.finish(ctx, outcomes, store.Effects{})
}

// silent are the votes, hashtags and looks that are done because what stands is what ought to.
func silent(todo []work) []store.Outcome {
	var out []store.Outcome
	for _, w := range todo {
		if w.args.Message == "" && (opines(w.Kind) || w.Kind == KindReconcile) {
			out = append(out, done(w, ""))
		}
	}
	return out
}

func done(w work, messageID string) store.Outcome {
	o := outcome(w.Action, store.ActionDone, "")
	if messageID != "" {
		o.Result = []byte(`{"message":"` + messageID + `"}`)
	}
	return o
}
