package deliver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"verdict/gerrit"
	"verdict/internal/store"
)

// groupWord begins the name of a group.
const groupWord = "group:"

// addReviewers adds and removes reviewers and CCs. A group is asked for each time: who of it is there already, Gerrit
// knows, and to add them again changes nothing.
func addReviewers(c *change, w work, into *gerrit.ReviewInput) {
	for _, list := range []struct {
		state string
		words []string
	}{{gerrit.ReviewerStateReviewer, w.args.Add}, {gerrit.ReviewerStateCC, w.args.CC}, {gerrit.ReviewerStateRemoved, w.args.Remove}} {
		for _, word := range list.words {
			name := strings.TrimPrefix(word, groupWord)
			if name == word && (c.isReviewer(word, list.state) || c.didReviewer(w, word, list.state)) {
				continue
			}
			// Two that speak of one person in one review: the later one counts.
			into.Reviewers = slices.DeleteFunc(into.Reviewers, func(in gerrit.ReviewerInput) bool { return in.Reviewer == name })
			into.Reviewers = append(into.Reviewers, gerrit.ReviewerInput{Reviewer: name, State: list.state, Confirmed: name != word})
		}
	}
}

// isReviewer tells whether somebody is on the change as wanted.
func (c *change) isReviewer(word, state string) bool {
	is := func(state string) bool {
		return slices.ContainsFunc(c.info.Reviewers[state], func(a *gerrit.AccountInfo) bool { return isAccount(a, word) })
	}
	switch state {
	case gerrit.ReviewerStateRemoved:
		return !is(gerrit.ReviewerStateReviewer) && !is(gerrit.ReviewerStateCC)
	case gerrit.ReviewerStateCC: // who reviews is told anyway, and is not made less
		return is(gerrit.ReviewerStateCC) || is(gerrit.ReviewerStateReviewer)
	}
	return is(state)
}

// didReviewer tells whether an attempt of the action whose outcome nobody heard did it to somebody: if it shows
// otherwise now, somebody undid it.
func (c *change) didReviewer(w work, word, state string) bool {
	if w.Attempts == 0 || w.args.Updates == 0 {
		return false
	}
	since := c.info.ReviewerUpdates[min(w.args.Updates-1, len(c.info.ReviewerUpdates)):]
	return slices.ContainsFunc(since, func(u gerrit.ReviewerUpdateInfo) bool {
		return u.State == state && u.UpdatedBy != nil && u.UpdatedBy.NumericID == c.self && u.Reviewer != nil && isAccount(u.Reviewer, word)
	})
}

// refusedPeople says whom Gerrit didn't take, though it took the review.
func refusedPeople(w work, result *gerrit.ReviewResult) string {
	if w.Kind != KindReviewers || result == nil {
		return ""
	}
	var reasons []string
	for _, word := range slices.Concat(w.args.Add, w.args.CC, w.args.Remove) {
		if r, ok := result.Reviewers[strings.TrimPrefix(word, groupWord)]; ok && r.Error != "" {
			reasons = append(reasons, r.Error)
		}
	}
	return strings.Join(reasons, "; ")
}

// hasPeople tells whether a post of one action names several people, or somebody beside what it has to say.
func (p post) hasPeople() bool {
	works := p.works()
	if len(works) != 1 || works[0].Kind != KindReviewers {
		return false
	}
	args := works[0].args
	return len(args.Add)+len(args.CC)+len(args.Remove)+len(p.texts) > 1
}

// oneByOne adds reviewers each by itself, after Gerrit refused them together: one bad name keeps nobody else out.
// What there is to say comes last, so that its marker means that all were tried.
func (r *laneRun) oneByOne(ctx context.Context, c *change, p post) error {
	w := p.works()[0]
	var all gerrit.ReviewInput
	addReviewers(c, w, &all)
	var reasons []string
	for _, in := range all.Reviewers {
		review := gerrit.ReviewInput{Tag: p.tag(), Notify: p.notify(), Reviewers: []gerrit.ReviewerInput{in}}
		_, err := r.call(ctx, c, []work{w}, review)
		if reason, ok := refused(err); ok {
			reasons = append(reasons, reason)
		} else if err != nil {
			return fmt.Errorf("add %s to %s: %w", in.Reviewer, c.id, err)
		}
	}
	if len(p.texts) > 0 {
		said := w
		said.args.Add, said.args.CC, said.args.Remove = nil, nil, nil
		_, err := r.call(ctx, c, []work{w}, r.review(c, post{team: p.team, texts: []text{{work: said}}}))
		if reason, ok := refused(err); ok {
			reasons = append(reasons, reason)
		} else if err != nil {
			return err
		}
	}
	o := done(w, "")
	if len(reasons) > 0 {
		o = outcome(w.Action, store.ActionDead, strings.Join(reasons, "; "))
	}
	return r.finish(ctx, []store.Outcome{o}, store.Effects{})
}
