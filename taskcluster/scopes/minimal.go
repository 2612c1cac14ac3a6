package scopes

import (
	"errors"
	"slices"
)

// ErrNever is an expression that no scopes satisfy, as an AnyOf of none is.
var ErrNever = errors.New("no scopes satisfy it")

// Minimal is the smallest set that satisfies the expression and that granted
// allows: with any one scope taken away it no longer does.
//
// It is made of the expression's own scopes. Where an AnyOf leaves a choice, only
// what granted allows counts. Of those a choice that allows less wins over one
// that allows that and more, then fewer scopes over more, and then the one that
// the expression names first, since references begin with the most specific.
// Length says nothing: "…-in-project:x" is shorter than the task's own scope, and
// allows more.
//
// If granted allows none, the first alternative is taken, so that Missing names
// what is to be granted. If it could be one whose parameters aren't known, the
// error is a *ParamError; ErrNever if there is nothing to grant.
//
// Expressions with hundreds of choices are not searched through: nothing can be
// taken away from the set then, but there may be a smaller one.
func (e *Expression) Minimal(params Params, granted []string) ([]string, error) {
	need, err := e.render(params)
	if err != nil {
		return nil, err
	}
	if absent := need.unknown(granted); absent != nil {
		return nil, absent
	}
	s := search{granted: granted}
	best := least(s.sets(need))
	if best == nil {
		return nil, ErrNever
	}
	if s.cut || !need.satisfied(granted) {
		best = prune(need, best)
	}
	return best, nil
}

// maxSets is how many choices are compared with each other.
const maxSets = 256

// search finds the sets that satisfy a need, one for each choice.
type search struct {
	granted []string
	cut     bool // some were left out
}

// sets are those of all choices in order, each compact and not nil. None: it
// can't be satisfied.
func (s *search) sets(n need) [][]string {
	switch {
	case n.any != nil:
		return s.limit(s.ofAny(n.any))
	case n.all != nil:
		return s.ofAll(n.all)
	}
	return [][]string{{n.scope}}
}

func (s *search) ofAny(parts []need) [][]string {
	var first, allowed [][]string
	for _, part := range parts {
		if part.satisfied(s.granted) {
			allowed = append(allowed, s.sets(part)...)
		} else if first == nil {
			first = s.sets(part)
		}
	}
	if allowed != nil {
		return allowed
	}
	return first
}

// ofAll joins each choice of one part with each of the others. Parts that leave
// no choice come first: what they need anyhow may satisfy others.
func (s *search) ofAll(parts []need) [][]string {
	var fixed []string
	open := map[int][][]string{}
	for i, part := range parts {
		if sets := s.sets(part); len(sets) == 1 {
			fixed = append(fixed, sets[0]...)
		} else {
			open[i] = sets
		}
	}
	joined := [][]string{Compact(fixed)}
	for i, part := range parts {
		sets, ok := open[i]
		if !ok || part.satisfied(fixed) {
			continue
		}
		if len(joined)*len(sets) > maxSets {
			joined, s.cut = [][]string{least(joined)}, true
		}
		joined = s.limit(product(joined, sets))
	}
	return joined
}

func product(left, right [][]string) [][]string {
	var all [][]string
	for _, a := range left {
		for _, b := range right {
			all = append(all, Compact(slices.Concat(a, b)))
		}
	}
	return all
}

func (s *search) limit(sets [][]string) [][]string {
	if len(sets) <= maxSets {
		return sets
	}
	s.cut = true
	return sets[:maxSets]
}

// least is the first of the shortest sets that no other is weaker than; nil for
// no sets.
func least(sets [][]string) []string {
	byLength := slices.Clone(sets)
	slices.SortStableFunc(byLength, func(a, b []string) int { return len(a) - len(b) })
	for _, set := range byLength {
		weaker := func(other []string) bool { return Satisfies(set, other) && !Satisfies(other, set) }
		if !slices.ContainsFunc(sets, weaker) {
			return set
		}
	}
	return nil
}

// prune takes away what isn't needed.
func prune(n need, set []string) []string {
	for i := 0; i < len(set); {
		rest := slices.Delete(slices.Clone(set), i, i+1)
		if n.satisfied(rest) {
			set = rest
		} else {
			i++
		}
	}
	return set
}
