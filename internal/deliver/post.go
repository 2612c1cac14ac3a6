package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"verdict/gerrit"
	"verdict/internal/store"
)

// post is one SetReview.
type post struct {
	team  string
	votes []store.Posted
	parts []work // what the change lacks, with nothing to say
	texts []text
	rest  []work // vote actions without a message, done when the votes show
}

// gather begins a post with an action and takes along what its team waits to do and to say with the same notify, as
// far as it fits into one message. What begins it is in it whatever its length.
func gather(first work, lacking []work, texts []text) post {
	p := post{team: first.Team}
	with := func(w work) bool {
		return w.Team == first.Team && (w.args.Notify == first.args.Notify || w.args.Notify == "" && opines(first.Kind))
	}
	for _, w := range lacking {
		if with(w) {
			p.parts = append(p.parts, w)
		}
	}
	room := maxMessage - markerRoom - length(first.args.Message)
	for _, t := range texts {
		if !with(t.work) {
			continue
		}
		if t.ID != first.ID {
			need := length(t.args.Message) + markerRoom
			if need > room {
				continue // it is posted next
			}
			room -= need
		}
		p.texts = append(p.texts, t)
	}
	return p
}

// markerRoom is what an action's marker takes, roughly.
const markerRoom = 120

// post makes one SetReview. What Gerrit refuses as a whole is tried part by part, so that one part's mistake
// doesn't silence the others.
func (r *laneRun) post(ctx context.Context, c *change, p post) error {
	err := r.send(ctx, c, p)
	if err == nil {
		return nil
	}
	reason, ok := refused(err)
	if !ok {
		return fmt.Errorf("post on %s: %w", c.id, err)
	}
	if split := p.split(); len(split) > 1 {
		for _, part := range split {
			if err := r.post(ctx, c, part); err != nil {
				return err
			}
		}
		return nil
	}
	if again, ok := p.otherwise(err); ok {
		return r.post(ctx, c, again)
	}
	if p.hasPeople() {
		return r.oneByOne(ctx, c, p)
	}
	if err := r.droppedNotice(ctx, c, p.votes, err); err != nil {
		return err
	}
	var outcomes []store.Outcome
	for _, w := range p.works() {
		outcomes = append(outcomes, outcome(w.Action, store.ActionDead, reason))
	}
	// What was refused is remembered as if it stood: it is tried again when an opinion brings news.
	return r.finish(ctx, outcomes, store.Effects{Server: c.server, Change: c.number, Posted: p.votes})
}

// otherwise is a post of one comment that was refused, as plain as can be: what it has to say of lines is in its message,
// and nobody in particular gets mail of it.
func (p post) otherwise(err error) (post, bool) {
	var answer *gerrit.HTTPError
	if len(p.texts) != 1 || !errors.As(err, &answer) || answer.Res.StatusCode != http.StatusBadRequest {
		return post{}, false
	}
	t := p.texts[0]
	if len(t.args.Inline)+len(t.args.Tell) == 0 {
		return post{}, false
	}
	t.work = asText(t.work)
	t.args.Tell = nil
	p.texts = []text{t}
	return p, true
}

// send makes the call. A vote that Gerrit dropped, though it took the rest, ends the actions that named it.
func (r *laneRun) send(ctx context.Context, c *change, p post) error {
	result, err := r.call(ctx, c, p.works(), r.review(c, p))
	var dropped *gerrit.DroppedVoteError
	if err != nil && !errors.As(err, &dropped) {
		return err
	}
	outcomes, lookErr := r.outcomes(ctx, c, p.works(), result)
	if lookErr != nil {
		return lookErr
	}
	if dropped != nil {
		if err := r.droppedNotice(ctx, c, p.dropped(dropped), err); err != nil {
			return err
		}
		p.withoutVotes(dropped, outcomes)
	}
	return r.finish(ctx, outcomes, store.Effects{Server: c.server, Change: c.number, Posted: p.votes, Reported: r.reports(c, p.works())})
}

// call makes the one call of a review, on the revision that was looked at.
func (r *laneRun) call(ctx context.Context, c *change, works []work, review gerrit.ReviewInput) (result *gerrit.ReviewResult, err error) {
	err = r.attempt(ctx, c.starts(works), func(ctx context.Context) (err error) {
		result, err = c.gerrit.Review(ctx, c.id, c.info.CurrentRevision, review)
		return err
	})
	return result, err
}

// review is what is sent for a post.
func (r *laneRun) review(c *change, p post) gerrit.ReviewInput {
	review := gerrit.ReviewInput{Tag: p.tag(), Notify: p.notify()}
	var texts, ids []string
	for _, t := range p.texts {
		texts, ids = append(texts, t.args.Message), append(ids, t.ID)
		addInline(t.work, &review)
		if len(t.args.Tell) > 0 {
			review.NotifyDetails = map[string]gerrit.NotifyInfo{gerrit.NotifyTo: {Accounts: t.args.Tell}}
		}
	}
	for _, w := range p.works() {
		if isPart(w.Kind) {
			parts[w.Kind](c, w, &review)
		}
	}
	if len(ids) > 0 {
		review.Message = r.d.Marker.Compose(texts, ids)
	}
	if len(p.votes) > 0 {
		review.Labels = map[string]int{}
	}
	for _, v := range p.votes {
		review.Labels[v.Label] = v.Value
	}
	return review
}

// outcomes compares Gerrit's answer with what was asked; what isn't in the answer is read back from the change.
func (r *laneRun) outcomes(ctx context.Context, c *change, works []work, result *gerrit.ReviewResult) ([]store.Outcome, error) {
	var after *change
	if i := slices.IndexFunc(works, readBack); i >= 0 {
		var err error
		if after, _, err = r.read(ctx, works[i].Action); err != nil {
			return nil, err
		}
	}
	outcomes := make([]store.Outcome, len(works))
	for i, w := range works {
		if after != nil && w.Kind == KindAttention && after.lacks(w) {
			var err error
			if w, err = r.numbered(ctx, after, w); err != nil {
				return nil, err
			}
		}
		outcomes[i] = answerTo(w, result, after)
	}
	return outcomes, nil
}

// withoutVotes ends the actions that named a dropped vote, in the outcomes of all, as dead, with the reason.
func (p post) withoutVotes(dropped *gerrit.DroppedVoteError, outcomes []store.Outcome) {
	for i, w := range p.works() {
		for label := range w.args.Labels {
			if _, ok := dropped.Dropped[label]; ok {
				outcomes[i] = outcome(w.Action, store.ActionDead, dropped.Error())
			}
		}
	}
}

// works are the actions that the post carries out.
func (p post) works() []work {
	out := slices.Concat(p.rest, p.parts)
	for _, t := range p.texts {
		out = append(out, t.work)
	}
	return out
}

func (p post) notify() string {
	for _, w := range p.works() {
		if w.args.Notify != "" {
			return w.args.Notify
		}
	}
	return gerrit.NotifyNone
}

// TagPrefix begins the tags of our posts; the team follows, or the bot's own name.
const TagPrefix = "autogenerated:verdict~"

func (p post) tag() string { return TagPrefix + cmp.Or(p.team, "verdict") }

// dropped are the votes that Gerrit left out.
func (p post) dropped(by *gerrit.DroppedVoteError) []store.Posted {
	return slices.DeleteFunc(slices.Clone(p.votes), func(v store.Posted) bool {
		_, ok := by.Dropped[v.Label]
		return !ok
	})
}

// split gives each label, with the silent votes that named it, and each other action a post of its own.
func (p post) split() []post {
	if len(p.votes)+len(p.parts)+len(p.texts) < 2 {
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
	for _, w := range p.parts {
		parts = append(parts, post{team: p.team, parts: []work{w}})
	}
	for _, t := range p.texts {
		parts = append(parts, post{team: p.team, texts: []text{t}})
	}
	return parts
}
