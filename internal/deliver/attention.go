package deliver

import (
	"cmp"
	"slices"
	"strconv"

	"verdict/gerrit"
)

// addAttention says who has to do something next. The rest of the attention set is left to Gerrit's own rules.
func addAttention(c *change, w work, into *gerrit.ReviewInput) {
	reason := cmp.Or(w.args.Reason, "Verdict: "+w.Team+"/"+w.Rule)
	for _, word := range w.args.Add {
		for _, user := range c.users(word) {
			if c.hasAttention(user) {
				continue
			}
			into.RemoveFromAttentionSet = without(into.RemoveFromAttentionSet, user)
			into.AddToAttentionSet = append(without(into.AddToAttentionSet, user), gerrit.AttentionSetInput{User: user, Reason: reason})
		}
	}
	for _, word := range w.args.Remove {
		for _, user := range c.users(word) {
			if !c.hasAttention(user) {
				continue
			}
			into.AddToAttentionSet = without(into.AddToAttentionSet, user)
			into.RemoveFromAttentionSet = append(without(into.RemoveFromAttentionSet, user), gerrit.AttentionSetInput{User: user, Reason: reason})
		}
	}
}

// users are the accounts that a word names, as Gerrit takes them. One whom the change doesn't show is named as the
// rule does.
func (c *change) users(word string) []string {
	accounts, known := c.people(word)
	if !known {
		return []string{word}
	}
	var out []string
	for _, a := range accounts {
		out = append(out, strconv.FormatInt(a.NumericID, 10))
	}
	return out
}

func (c *change) hasAttention(user string) bool {
	for _, a := range c.info.AttentionSet {
		if isAccount(&a.Account, user) {
			return true
		}
	}
	return false
}

// without leaves out what was asked for somebody: the later of two that speak of one person counts.
func without(inputs []gerrit.AttentionSetInput, user string) []gerrit.AttentionSetInput {
	return slices.DeleteFunc(inputs, func(in gerrit.AttentionSetInput) bool { return in.User == user })
}
