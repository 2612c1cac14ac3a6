package deliver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"verdict/gerrit"
)

// addAttention says who has to do something next. The rest of the attention set is left to Gerrit's own rules. Who is in
// the set isn't added again, so a repeat does nothing; unless somebody left it in the seconds between an attempt whose
// answer was lost and the next one, of which Gerrit keeps no story.
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

// numbered is an action with the numbers of those whom the change doesn't show by the names that its rule has for them:
// Gerrit takes more names for an account than it shows.
func (r *laneRun) numbered(ctx context.Context, c *change, w work) (work, error) {
	for _, list := range []*[]string{&w.args.Add, &w.args.Remove} {
		*list = slices.Clone(*list)
		for i, word := range *list {
			if _, known := c.people(word); known {
				continue
			}
			account, err := c.gerrit.GetAccountInfo(ctx, word)
			if _, no := refused(err); err != nil && !no {
				return w, fmt.Errorf("ask who %q is: %w", word, err)
			}
			if err == nil {
				(*list)[i] = strconv.FormatInt(account.NumericID, 10)
			}
		}
	}
	return w, nil
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
