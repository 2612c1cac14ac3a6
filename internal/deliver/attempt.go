package deliver

import (
	"slices"

	"verdict/gerrit"
	"verdict/internal/store"
)

// starts are the intentions of an attempt: with them is kept up to where the change's story was read before it, so that
// a later attempt can tell what this one did, though nobody heard of it, from what others did.
func (c *change) starts(works []work) []store.Start {
	out := make([]store.Start, len(works))
	for i, w := range works {
		out[i] = store.Start{ActionID: w.ID, LastMessage: c.lastMessage(), Speaks: w.speaks()}
		if w.Kind == KindReviewers && w.args.Updates == 0 {
			w.args.Updates = len(c.info.ReviewerUpdates) + 1
			_, out[i].Args, _ = w.args.Encode() // texts and numbers can always be written
		}
	}
	return out
}

func (c *change) lastMessage() string {
	if n := len(c.info.Messages); n > 0 {
		return c.info.Messages[n-1].ID
	}
	return ""
}

// since are the messages after the beginning of an action's last attempt, whose outcome nobody heard.
func (c *change) since(w work) []gerrit.ChangeMessageInfo {
	i := slices.IndexFunc(c.info.Messages, func(m gerrit.ChangeMessageInfo) bool { return m.ID == w.LastMessage })
	if w.Attempts == 0 || i < 0 && w.LastMessage != "" {
		return nil
	}
	return c.info.Messages[i+1:]
}

// did tells whether an action's last attempt came to its end on the server: Gerrit wrote a message of that tag for us.
// If it shows otherwise now, somebody undid it.
func (c *change) did(w work, tag string) bool {
	return slices.ContainsFunc(c.since(w), func(m gerrit.ChangeMessageInfo) bool { return m.Tag == tag && c.isOurs(m) })
}

// lastIsOurs tells whether the last message with one of the tags is by our account.
func (c *change) lastIsOurs(tags ...string) bool {
	for _, m := range slices.Backward(c.info.Messages) {
		if slices.Contains(tags, m.Tag) {
			return c.isOurs(m)
		}
	}
	return false
}

func (c *change) isOurs(m gerrit.ChangeMessageInfo) bool {
	return m.Author != nil && m.Author.NumericID == c.self
}
