package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// Difference is what was seen beside what ought to be.
type Difference struct {
	// Lost ought to be, and was not seen.
	Lost []string
	// Duplicated was seen more often than it ought to be, or ought not to be at all.
	Duplicated []string
}

// None tells whether all is as it ought to be.
func (d Difference) None() bool { return len(d.Lost) == 0 && len(d.Duplicated) == 0 }

func (d Difference) and(more Difference) Difference {
	return Difference{slices.Concat(d.Lost, more.Lost), slices.Concat(d.Duplicated, more.Duplicated)}
}

// Compare sets what was seen against what ought to be.
func Compare(ought, seen Effects) Difference {
	return align(ought.Votes, seen.Votes, sameVote, func(v Vote) bool { return v.Maybe }, Vote.String).
		and(align(byTag(ought.Hashtags), byTag(seen.Hashtags), equal[string], never[string], func(tag string) string { return "hashtag " + tag })).
		and(pair(longestFirst(ought.Messages), seen.Messages, saysSo, Message.String)).
		and(pair(ought.Tasks, seen.Tasks, equal[Task], Task.String))
}

func sameVote(ought, seen Vote) bool {
	ought.Maybe = false
	return ought == seen
}

func saysSo(ought, seen Message) bool {
	return ought.Patchset == seen.Patchset && strings.HasPrefix(seen.Text, ought.Text)
}

// longestFirst lets each text find its own before a shorter one, which is its beginning, can take it.
func longestFirst(messages []Message) []Message {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b Message) int { return cmp.Compare(len(b.Text), len(a.Text)) })
	return messages
}

func equal[T comparable](ought, seen T) bool { return ought == seen }

func never[T any](T) bool { return false }

// byTag keeps the order of what became of one tag; between tags there is none.
func byTag(hashtags []string) []string {
	hashtags = slices.Clone(hashtags)
	slices.SortStableFunc(hashtags, func(a, b string) int { return cmp.Compare(a[1:], b[1:]) })
	return hashtags
}

// align compares two sequences: it leaves out as few of either as can be, so that the rest is alike in its order.
// What may be missing costs nothing to leave out.
func align[T any](ought, seen []T, same func(ought, seen T) bool, maybe func(T) bool, say func(T) string) Difference {
	cost := make([][]int, len(ought)+1) // of aligning what begins at i and at j
	for i := len(ought); i >= 0; i-- {
		cost[i] = make([]int, len(seen)+1)
		for j := len(seen); j >= 0; j-- {
			switch {
			case i == len(ought):
				cost[i][j] = len(seen) - j
				continue
			case j == len(seen):
				cost[i][j] = cost[i+1][j] + price(maybe(ought[i]))
				continue
			}
			cost[i][j] = min(cost[i+1][j]+price(maybe(ought[i])), cost[i][j+1]+1)
			if same(ought[i], seen[j]) {
				cost[i][j] = min(cost[i][j], cost[i+1][j+1])
			}
		}
	}
	var d Difference
	i, j := 0, 0
	for i < len(ought) || j < len(seen) {
		switch {
		case i < len(ought) && j < len(seen) && same(ought[i], seen[j]) && cost[i][j] == cost[i+1][j+1]:
			i, j = i+1, j+1
		case i < len(ought) && cost[i][j] == cost[i+1][j]+price(maybe(ought[i])):
			if !maybe(ought[i]) {
				d.Lost = append(d.Lost, say(ought[i]))
			}
			i++
		default:
			d.Duplicated = append(d.Duplicated, say(seen[j]))
			j++
		}
	}
	return d
}

func price(maybe bool) int {
	if maybe {
		return 0
	}
	return 1
}

// pair compares two collections in which order means nothing.
func pair[T any](ought, seen []T, same func(ought, seen T) bool, say func(T) string) Difference {
	var d Difference
	left := slices.Clone(seen)
	for _, o := range ought {
		i := slices.IndexFunc(left, func(s T) bool { return same(o, s) })
		if i < 0 {
			d.Lost = append(d.Lost, say(o))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, s := range left {
		d.Duplicated = append(d.Duplicated, say(s))
	}
	return d
}
