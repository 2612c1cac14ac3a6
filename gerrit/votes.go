package gerrit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// VoteRefusal says why Gerrit doesn't take a vote.
type VoteRefusal struct {
	Reason VoteReason
	// Instead is what it would take: the project's labels where there is no
	// such label, the label's values where it has no such value, and what we
	// may vote where this is not permitted.
	Instead []string
}

// VoteReason is why Gerrit doesn't take a vote.
type VoteReason string

// Reasons for a VoteRefusal.
const (
	UnknownLabel     VoteReason = "no such label"
	ValueOutOfRange  VoteReason = "no such value"
	VoteNotPermitted VoteReason = "not permitted"
	// UnknownReason is when Gerrit would take the vote by what it says now, or
	// couldn't be asked.
	UnknownReason VoteReason = "unknown"
)

// DroppedVoteError means that Gerrit took a review, posted its message, and
// left out a vote: it does so without a word for a label that the project
// doesn't have and for a value that the label doesn't have.
type DroppedVoteError struct {
	Change, Revision string
	// Dropped are the votes that were asked for and not taken.
	Dropped map[string]int
	// Why has the reason for each of them, which Gerrit was asked for.
	Why map[string]VoteRefusal
	// Trace is that of the review's answer.
	Trace string
}

// Error names the votes and says why each was dropped.
func (e *DroppedVoteError) Error() string {
	votes := make([]string, 0, len(e.Dropped))
	for _, label := range slices.Sorted(maps.Keys(e.Dropped)) {
		votes = append(votes, e.Why[label].say(label, e.Dropped[label]))
	}
	return fmt.Sprintf("gerrit: on %s Gerrit left out %s", e.Change, strings.Join(votes, ", and ")) + traced(e.Trace)
}

func (r VoteRefusal) say(label string, value int) string {
	vote, instead := fmt.Sprintf("%s%+d", label, value), strings.Join(r.Instead, ", ")
	switch r.Reason {
	case UnknownLabel:
		return fmt.Sprintf("%s: the project has no such label, but %s", vote, instead)
	case ValueOutOfRange:
		return fmt.Sprintf("%s: the label has no such value, but %s", vote, instead)
	case VoteNotPermitted:
		if instead == "" {
			return fmt.Sprintf("%s: our account may not vote on the label", vote)
		}
		return fmt.Sprintf("%s: our account may vote %s only", vote, instead)
	}
	return vote + ": the project has no such label or value"
}

// CheckVotes asks which of some votes Gerrit wouldn't take from us on an open
// change, and why, by label. A nil error and an empty map is that it would
// take all of them. The label's value 0, which takes a vote back, is always
// permitted.
func (c *Client) CheckVotes(ctx context.Context, changeID string, votes map[string]int) (map[string]VoteRefusal, error) {
	info, err := c.GetChange(ctx, changeID, QueryChangesOpt{Fields: []string{"DETAILED_LABELS"}})
	if err != nil {
		return nil, err
	}
	refused := map[string]VoteRefusal{}
	for label, value := range votes {
		if r := info.refuses(label, value); r.Reason != "" {
			refused[label] = r
		}
	}
	return refused, nil
}

func (c *ChangeInfo) refuses(label string, value int) VoteRefusal {
	info, ok := c.Labels[label]
	if !ok {
		return VoteRefusal{UnknownLabel, slices.Sorted(maps.Keys(c.Labels))}
	}
	if values := sortedValues(maps.Keys(info.Values)); !slices.Contains(values, value) {
		return VoteRefusal{ValueOutOfRange, written(values)}
	}
	permitted := sortedValues(slices.Values(c.PermittedLabels[label]))
	if value != 0 && !slices.Contains(permitted, value) {
		return VoteRefusal{VoteNotPermitted, written(permitted)}
	}
	return VoteRefusal{}
}

// whyDropped asks Gerrit, and is content with not knowing: that the votes were
// dropped is known already.
func (c *Client) whyDropped(ctx context.Context, changeID string, dropped map[string]int) map[string]VoteRefusal {
	known, _ := c.CheckVotes(ctx, changeID, dropped)
	why := make(map[string]VoteRefusal, len(dropped))
	for label := range dropped {
		why[label] = VoteRefusal{Reason: UnknownReason}
		if r, ok := known[label]; ok {
			why[label] = r
		}
	}
	return why
}

// sortedValues reads a label's values, which are written "-1", " 0", "+1".
func sortedValues(all func(func(string) bool)) []int {
	var values []int
	for text := range all {
		if v, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

func written(values []int) []string {
	texts := make([]string, 0, len(values))
	for _, v := range values {
		if v == 0 {
			texts = append(texts, "0")
			continue
		}
		texts = append(texts, fmt.Sprintf("%+d", v))
	}
	return texts
}
