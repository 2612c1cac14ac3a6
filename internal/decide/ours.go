package decide

import (
	"context"
	"errors"
	"slices"

	"verdict/gerrit"
	"verdict/internal/facts"
	"verdict/internal/store"
)

// quiet are Gerrit's events that no rule answers where our own account caused them: a rule that did what it answers to
// would go on for ever. What ends a change, or a patchset that our account pushed, is for rules to go on from; of the
// attention set Gerrit keeps no record of who changed it.
var quiet = []string{
	gerrit.CommentAdded, gerrit.VoteChanged, gerrit.ReviewerChanged, gerrit.HashtagsChanged, gerrit.TopicChanged, gerrit.WIPChanged,
	gerrit.ChangeRestored,
}

// byUs tells whether an event is nothing but what our own account did. An account's number says it, never a tag or a
// name, which anybody can take.
func (d *Decider) byUs(ctx context.Context, s *subject, f *facts.Session) (bool, error) {
	if s.change == nil || s.command != nil || !slices.Contains(quiet, s.Type) {
		return false, nil
	}
	self, known, err := d.Facts.Self(ctx, s.change.Server)
	if err != nil || !known {
		return false, err
	}
	if s.Type == gerrit.ReviewerChanged {
		return d.reviewersByUs(ctx, s, f, self)
	}
	others := func(id int64) bool { return id != self }
	if len(s.change.Authors) > 0 {
		return !slices.ContainsFunc(s.change.Authors, others), nil
	}
	actor, ok := s.change.Actor()
	return ok && actor.ID == self, nil
}

// reviewersByUs asks the change's story who brought each of the reviewers to what the event tells. The event doesn't say.
func (d *Decider) reviewersByUs(ctx context.Context, s *subject, f *facts.Session, self int64) (bool, error) {
	c := s.change
	info, err := f.Change(ctx, store.Link{Server: c.Server, Project: c.Change.Project, Change: c.Change.Number})
	if errors.Is(err, facts.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, r := range c.Reviewers {
		by := int64(0)
		for _, u := range info.ReviewerUpdates {
			if u.Reviewer != nil && u.UpdatedBy != nil && u.Reviewer.NumericID == r.Account.ID && partOf(u.State) == r.New {
				by = u.UpdatedBy.NumericID
			}
		}
		if by != self {
			return false, nil
		}
	}
	return true, nil
}

// partOf is a reviewer's state as events call it.
func partOf(state string) string {
	if state == gerrit.ReviewerStateRemoved {
		return ""
	}
	return state
}
