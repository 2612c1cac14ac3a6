package deliver

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"verdict/internal/store"
)

// Standing is what a label of a patchset ought to show, and why.
type Standing struct {
	// Value is the vote; Held is false when no opinion stands, and then a vote is written (as 0) only to take
	// back one of ours.
	Value int
	Held  bool
	// Signature names the opinions behind the value. It changes exactly when an opinion begins, ends or
	// changes value: a vote that a person removed stays away until then. Whose rule's it is has no part in it: a
	// renamed rule says nothing new.
	Signature string
}

// Labels computes what each label of one patchset ought to show from the opinions on it: the lowest if any is
// negative, else 0 while a report waits, else the highest. The order of the opinions has no part in it. Labels without a standing opinion
// are in the answer when an ended opinion names them.
func Labels(opinions []store.Opinion, revision string) map[string]Standing {
	byLabel := map[string][]store.Opinion{}
	for _, o := range opinions {
		if o.Kind == store.OpinionLabel && o.Revision == revision {
			byLabel[o.Target] = append(byLabel[o.Target], o)
		}
	}
	out := make(map[string]Standing, len(byLabel))
	for label, os := range byLabel {
		out[label] = standing(os)
	}
	return out
}

// aboveZero tells whether a label ought to show a vote above 0.
func aboveZero(labels map[string]Standing) bool {
	for _, s := range labels {
		if s.Value > 0 {
			return true
		}
	}
	return false
}

func standing(os []store.Opinion) Standing {
	os = slices.DeleteFunc(slices.Clone(os), func(o store.Opinion) bool { return !o.Stands })
	slices.SortFunc(os, func(a, b store.Opinion) int {
		return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.About, b.About), cmp.Compare(a.Value, b.Value), cmp.Compare(word(a), word(b)))
	})
	s := Standing{Held: len(os) > 0}
	sum := sha256.New()
	lowest, highest := 0, 0
	waits := false
	for i, o := range os {
		if i == 0 {
			lowest, highest = o.Value, o.Value
		}
		lowest, highest = min(lowest, o.Value), max(highest, o.Value)
		waits = waits || o.Waits
		fmt.Fprintf(sum, "%q %q %d\n%s", o.Team, o.About, o.Value, word(o))
	}
	switch {
	case lowest < 0:
		s.Value = lowest
	case !waits:
		s.Value = highest
	}
	s.Signature = hex.EncodeToString(sum.Sum(nil)[:12])
	return s
}

// word is what a signature says of a report that waits; what an earlier release signed stays as it was.
func word(o store.Opinion) string {
	if o.Waits {
		return "waits\n"
	}
	return ""
}

// Hashtags says which tags the standing opinions on a patchset want, and which an ended one no longer does.
func Hashtags(opinions []store.Opinion, revision string) (want, ended []string) {
	state := map[string]bool{}
	for _, o := range opinions {
		if o.Kind != store.OpinionHashtag || o.Revision != revision {
			continue
		}
		state[o.Target] = state[o.Target] || o.Stands
	}
	for tag, stands := range state {
		if stands {
			want = append(want, tag)
		} else {
			ended = append(ended, tag)
		}
	}
	slices.Sort(want)
	slices.Sort(ended)
	return want, ended
}
