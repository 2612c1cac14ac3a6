package deliver

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"verdict/gerrit"
	"verdict/internal/store"
)

// parts are the actions that are a part of a review beside votes and messages. Each puts into the review what the
// change lacks of what the action wants; where that is nothing, a repeat does nothing.
var parts = map[string]func(c *change, w work, into *gerrit.ReviewInput){
	KindReviewers: addReviewers,
	KindAttention: addAttention,
	KindReady:     setReady,
	KindWIP:       setWIP,
}

func isPart(kind string) bool { return parts[kind] != nil }

// lacks tells whether the change isn't yet as the action wants it.
func (c *change) lacks(w work) bool {
	var in gerrit.ReviewInput
	parts[w.Kind](c, w, &in)
	return len(in.Reviewers)+len(in.AddToAttentionSet)+len(in.RemoveFromAttentionSet) > 0 || in.Ready || in.WorkInProgress
}

// lacking are the actions without a message that the change lacks; those of which it lacks nothing are settled.
func (c *change) lacking(todo []work) (lacking, settled []work) {
	for _, w := range todo {
		switch {
		case !isPart(w.Kind) || w.args.Message != "":
		case c.lacks(w):
			lacking = append(lacking, w)
		default:
			settled = append(settled, w)
		}
	}
	return lacking, settled
}

// readBack tells whether what an action of a review asks for has to be looked for on the change after it: Gerrit leaves
// out without a word whom it can't put into the attention set.
func readBack(w work) bool { return isPart(w.Kind) && w.Kind != KindReviewers }

// answerTo compares Gerrit's answer, and the change after it, with what an action of a review asked for.
func answerTo(w work, result *gerrit.ReviewResult, after *change) store.Outcome {
	if why := refusedPeople(w, result); why != "" {
		return outcome(w.Action, store.ActionDead, why)
	}
	if !readBack(w) || after == nil || after.info.CurrentRevision != w.Revision || !after.lacks(w) {
		return done(w, "")
	}
	return outcome(w.Action, store.ActionDead, fmt.Sprintf("Gerrit took %s of %s, and left it out", w.Kind, after.id))
}

// people are the accounts that a word of a rule names: owner, uploader or reviewers of the change, or one by its
// username, address or number. known is false where that can't be told without asking Gerrit.
func (c *change) people(word string) (accounts []*gerrit.AccountInfo, known bool) {
	current := c.info.Revisions[c.info.CurrentRevision]
	switch word {
	case "owner":
		return compact(c.info.Owner), true
	case "uploader":
		return compact(current.Uploader), true
	case "reviewers":
		return c.info.Reviewers[gerrit.ReviewerStateReviewer], true
	}
	all := slices.Concat(compact(c.info.Owner), compact(current.Uploader),
		c.info.Reviewers[gerrit.ReviewerStateReviewer], c.info.Reviewers[gerrit.ReviewerStateCC])
	for _, a := range c.info.AttentionSet {
		all = append(all, &a.Account)
	}
	for _, a := range all {
		if isAccount(a, word) {
			return []*gerrit.AccountInfo{a}, true
		}
	}
	return nil, false
}

func compact(a *gerrit.AccountInfo) []*gerrit.AccountInfo {
	if a == nil {
		return nil
	}
	return []*gerrit.AccountInfo{a}
}

func isAccount(a *gerrit.AccountInfo, word string) bool {
	return word == cmp.Or(a.Username, word+" ") || strings.EqualFold(word, cmp.Or(a.Email, word+" ")) || word == strconv.FormatInt(a.NumericID, 10)
}
