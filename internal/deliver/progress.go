package deliver

import (
	"slices"

	"verdict/gerrit"
	"verdict/internal/store"
)

// readyText is what a ready without a message says: Gerrit posts the same where a review says nothing, but without our
// marker.
const readyText = "This change is ready for review."

// spoken gives a ready that has something to do, and nothing to say, its text.
func (c *change) spoken(todo []work) []work {
	todo = slices.Clone(todo)
	for i, w := range todo {
		if w.Kind == KindReady && w.args.Message == "" && c.lacks(w) {
			todo[i].args.Message = readyText
		}
	}
	return todo
}

// setReady ends that the change is a work in progress. Where two actions disagree the later one counts.
func setReady(c *change, _ work, into *gerrit.ReviewInput) {
	into.Ready, into.WorkInProgress = c.info.WorkInProgress, false
}

// setWIP begins it.
func setWIP(c *change, _ work, into *gerrit.ReviewInput) {
	into.Ready, into.WorkInProgress = false, !c.info.WorkInProgress
}

// progressEnded says how a ready or wip ended for which there is nothing to do: it was done and undone again, or it was
// so when the rule decided and somebody made it otherwise since.
func (c *change) progressEnded(w work) (store.Outcome, bool) {
	if w.Kind != KindReady && w.Kind != KindWIP || !c.lacks(w) {
		return store.Outcome{}, false
	}
	switch before := w.args.Before; {
	case w.Kind == KindWIP && c.did(w, gerrit.TagWIP): // what a ready did, its message says
		return done(w, ""), true
	case before != nil && before.WIP == (w.Kind == KindWIP) && !c.lastIsOurs(gerrit.TagReady, gerrit.TagWIP):
		return outcome(w.Action, store.ActionSuperseded, "somebody made it otherwise since the rule decided"), true
	}
	return store.Outcome{}, false
}
