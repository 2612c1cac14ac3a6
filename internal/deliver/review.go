package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	if err := r.settleKnown(ctx, c, todo); err != nil {
		return false, err
	}
	votes, settled := c.votes()
	if c.info.Status != gerrit.ChangeStatusNew {
		votes = nil // a closed change takes no vote back: 409
	}
	texts := r.speaking(c, todo)
	if len(votes) > 0 {
		return true, r.postVotes(ctx, c, votes, texts, todo)
	}
	posted, err := r.postTexts(ctx, c, texts)
	if err != nil || posted {
		return posted, err
	}
	return false, r.finish(ctx, silent(todo), store.Effects{Server: c.server, Change: c.number, Posted: settled})
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

// settleKnown ends the actions whose message is on the change already: posted by an attempt whose outcome
// nobody heard, or by a replica that died.
func (r *laneRun) settleKnown(ctx context.Context, c *change, todo []work) error {
	var outcomes []store.Outcome
	for i, w := range todo {
		if w.args.Message == "" {
			continue
		}
		for _, m := range c.ours() {
			if r.d.Marker.In(m.Message, w.ID) {
				todo[i].args.Message = "" // said; a vote has still to be looked at
				if w.Kind == KindComment {
					outcomes = append(outcomes, done(w, m.ID))
				}
				break
			}
		}
	}
	return r.finish(ctx, outcomes, store.Effects{})
}

// text is an action with something to say.
type text struct {
	work
	due bool
}

func (r *laneRun) speaking(c *change, todo []work) []text {
	var out []text
	for _, w := range todo {
		if w.args.Message == "" || w.Kind != KindComment && w.Kind != KindVote {
			continue
		}
		wait := r.window(c) - r.now().Sub(w.Created)
		out = append(out, text{work: w, due: wait <= 0 || w.Attempts > 0})
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

// post is one SetReview.
type post struct {
	team  string
	votes []store.Posted
	texts []text
	rest  []work // vote actions without a message, done when the votes show
}

// postVotes changes the votes at once, with all that the voting rule's team waits to say with the same notify.
func (r *laneRun) postVotes(ctx context.Context, c *change, votes []store.Posted, texts []text, todo []work) error {
	p := post{votes: votes, rest: slices.DeleteFunc(slices.Clone(todo), func(w work) bool {
		return w.Kind != KindVote && w.Kind != KindReconcile || w.args.Message != ""
	})}
	if i := slices.IndexFunc(texts, func(t text) bool { return t.Kind == KindVote }); i >= 0 {
		first := texts[i]
		p.team = first.Team
		for _, t := range texts {
			if t.Team == first.Team && (t.args.Notify == first.args.Notify || t.args.Notify == "") {
				p.texts = append(p.texts, t)
			}
		}
	} else if len(p.rest) > 0 {
		p.team = p.rest[0].Team
	}
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
	first := texts[i]
	p := post{team: first.Team}
	for _, t := range texts {
		if t.Team == first.Team && t.args.Notify == first.args.Notify {
			p.texts = append(p.texts, t)
		}
	}
	return true, r.post(ctx, c, p)
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

// post makes one SetReview. What Gerrit refuses as a whole is tried part by part, so that one part's mistake
// doesn't silence the others.
func (r *laneRun) post(ctx context.Context, c *change, p post) error {
	err := r.send(ctx, c, p)
	if err == nil {
		return nil
	}
	var dropped *gerrit.DroppedVoteError
	if errors.As(err, &dropped) {
		return r.finish(ctx, p.withoutVotes(dropped), store.Effects{Server: c.server, Change: c.number, Posted: p.votes})
	}
	reason, ok := refused(err)
	if !ok {
		return fmt.Errorf("post on %s: %w", c.id, err)
	}
	if parts := p.split(); len(parts) > 1 {
		for _, part := range parts {
			if err := r.post(ctx, c, part); err != nil {
				return err
			}
		}
		return nil
	}
	var outcomes []store.Outcome
	for _, w := range p.works() {
		outcomes = append(outcomes, outcome(w.Action, store.ActionDead, reason))
	}
	// What was refused is remembered as if it stood: it is tried again when an opinion brings news.
	return r.finish(ctx, outcomes, store.Effects{Server: c.server, Change: c.number, Posted: p.votes})
}

func (r *laneRun) send(ctx context.Context, c *change, p post) error {
	review := gerrit.ReviewInput{
		Tag:    "autogenerated:verdict~" + cmp.Or(p.team, "verdict"),
		Notify: p.notify(),
	}
	var texts, ids []string
	starts := make([]store.Start, 0, len(p.texts)+len(p.rest))
	for _, t := range p.texts {
		texts, ids = append(texts, t.args.Message), append(ids, t.ID)
	}
	for _, w := range p.works() {
		starts = append(starts, store.Start{ActionID: w.ID, LastMessage: c.lastMessage()})
	}
	if len(texts) > 0 {
		review.Message = r.d.Marker.Compose(texts, ids)
	}
	if len(p.votes) > 0 {
		review.Labels = map[string]int{}
	}
	for _, v := range p.votes {
		review.Labels[v.Label] = v.Value
	}
	err := r.attempt(ctx, starts, func(ctx context.Context) error {
		_, err := c.gerrit.Review(ctx, c.id, c.info.CurrentRevision, review)
		return err
	})
	if err != nil {
		return err
	}
	var outcomes []store.Outcome
	for _, w := range p.works() {
		outcomes = append(outcomes, done(w, ""))
	}
	return r.finish(ctx, outcomes, store.Effects{Server: c.server, Change: c.number, Posted: p.votes})
}

// withoutVotes are the outcomes where Gerrit took all but some votes: it dropped those, and posted the message. The
// actions that named them are dead, and say why.
func (p post) withoutVotes(dropped *gerrit.DroppedVoteError) []store.Outcome {
	var outcomes []store.Outcome
	for _, w := range p.works() {
		o := done(w, "")
		for label := range w.args.Labels {
			if _, ok := dropped.Dropped[label]; ok {
				o = outcome(w.Action, store.ActionDead, dropped.Error())
			}
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// works are the actions that the post carries out.
func (p post) works() []work {
	out := slices.Clone(p.rest)
	for _, t := range p.texts {
		out = append(out, t.work)
	}
	return out
}

func (p post) notify() string {
	for _, t := range p.texts {
		if t.args.Notify != "" {
			return t.args.Notify
		}
	}
	return "NONE"
}

// split gives each label, with the silent votes that named it, and each message a post of its own.
func (p post) split() []post {
	if len(p.votes)+len(p.texts) < 2 {
		return nil
	}
	var parts []post
	for _, v := range p.votes {
		part := post{team: p.team, votes: []store.Posted{v}}
		for _, w := range p.rest {
			if _, ok := w.args.Labels[v.Label]; ok {
				part.rest = append(part.rest, w)
			}
		}
		parts = append(parts, part)
	}
	for _, t := range p.texts {
		parts = append(parts, post{team: p.team, texts: []text{t}})
	}
	return parts
}

// silent are the votes, hashtags and looks that are done because what stands is what ought to.
func silent(todo []work) []store.Outcome {
	var out []store.Outcome
	for _, w := range todo {
		if w.args.Message == "" && (w.Kind == KindVote || w.Kind == KindReconcile) {
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
