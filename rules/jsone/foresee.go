package jsone

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Unknown stands in a Way for a value that depends on the context.
type Unknown struct{}

// Hole stands in the texts of a Way for a part that depends on the context.
const Hole = "\uFFFC"

// Way is one way through a template's conditions.
type Way struct {
	// Value is what comes of it, with Unknown and Hole where that depends on the context. A list that is made of one
	// that isn't known has one item, which stands for any number of them.
	Value any
	// Taken are the conditions that depend on the context, and whether they were taken to hold.
	Taken map[string]bool
}

// Foresee gives what the template can come to, whatever the context: a Way for each combination of its conditions. A
// condition that stands there twice is taken the same way each time. Ways on which rendering fails are left out. If
// there are more than atMost, or all of them take more than a few renderings may, complete is false.
func (t *Template) Foresee(atMost int) (ways []Way, complete bool) {
	var next []int
	steps := 0
	for range atMost {
		if steps > 4*MaxSteps {
			return ways, false
		}
		f := &foresight{next: next, taken: map[string]bool{}}
		r := &run{now: time.Unix(0, 0), builtins: builtins, foresight: f}
		value, err := r.child(t.root, nil)
		if err == nil && value != deleted {
			ways = append(ways, Way{Value: value, Taken: f.taken})
		}
		steps += r.steps
		if next = f.after(); next == nil {
			return ways, true
		}
	}
	return ways, false
}

// Fails tells why the template can't be rendered, whatever the context; nil where it may be.
func (t *Template) Fails() error {
	r := &run{now: time.Unix(0, 0), builtins: builtins, foresight: &foresight{taken: map[string]bool{}}}
	_, err := r.child(t.root, nil)
	if err == nil {
		return nil
	}
	if ways, complete := t.Foresee(1000); len(ways) > 0 || !complete {
		return nil
	}
	return err
}

// foresight makes a run one without a context, on one way.
type foresight struct {
	next  []int // which way to go at the first forks; at those after them it is the first
	made  []fork
	taken map[string]bool
}

// fork is a place where a run could go several ways: the one that it took, from 0, and how many there are.
type fork struct{ took, of int }

// fork goes one of several ways.
func (f *foresight) fork(of int) int {
	took := 0
	if i := len(f.made); i < len(f.next) {
		took = f.next[i]
	}
	f.made = append(f.made, fork{took, of})
	return took
}

// after is how the next run is to go; nil after the last.
func (f *foresight) after() []int {
	last := len(f.made) - 1
	for last >= 0 && f.made[last].took == f.made[last].of-1 {
		last--
	}
	var next []int
	for i := range last + 1 {
		next = append(next, f.made[i].took)
	}
	if next != nil {
		next[last]++
	}
	return next
}

// errUnknown is what an expression gives that needs something unknown.
var errUnknown = errors.New("depends on the context")

// child renders a part of the template, where what isn't known is a value too.
func (r *run) child(n node, s *scope) (any, error) {
	v, err := n.render(r, s)
	if r.foresight != nil && err == errUnknown {
		return Unknown{}, nil
	}
	return v, err
}

// foreseen is an expression's value, or Unknown. What a path of names leads to may have unknown parts, all else that
// is made of them is unknown.
func (r *run) foreseen(s *scope, e expr) any {
	if v, ok := r.follow(s, e); ok {
		return v
	}
	v, err := e.eval(r, s)
	if err != nil {
		return Unknown{} // where the mistake is a real one, nothing comes of it anyhow
	}
	return v
}

// follow goes along a path that begins with a name of the template's own.
func (r *run) follow(s *scope, e expr) (any, bool) {
	switch e := e.(type) {
	case variable:
		return s.own(e.name)
	case member:
		of, ok := r.follow(s, e.of)
		if !ok {
			return nil, false
		}
		m, ok := of.(map[string]any)
		if v, there := m[e.name]; ok && there {
			return plain(v), true
		}
	}
	return nil, false
}

// own finds a name of $let or of a loop.
func (s *scope) own(name string) (any, bool) {
	for ; s != nil; s = s.parent {
		if i := slices.Index(s.names, name); i >= 0 {
			return plain(s.values[i]), true
		}
		if v, ok := s.vars[name]; ok {
			return plain(v), true
		}
	}
	return nil, false
}

// fromContext says whether a name is one of the context's.
func (r *run) fromContext(s *scope, name string) bool {
	_, own := s.own(name)
	_, function := r.builtins[name]
	return !own && !function
}

// known passes on a value that an expression may work with.
func (r *run) known(v any) (any, error) {
	if r.foresight != nil && holdsUnknown(v) {
		return nil, errUnknown
	}
	return v, nil
}

func holdsUnknown(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case string:
		return strings.Contains(v, Hole)
	case []any:
		return slices.ContainsFunc(v, holdsUnknown)
	case map[string]any:
		for k, e := range v {
			if strings.Contains(k, Hole) || holdsUnknown(e) {
				return true
			}
		}
	}
	return false
}

// holds says whether a condition's value counts as true; of one that isn't known each is taken in turn.
func (r *run) holds(s *scope, e expr, v any) bool {
	f := r.foresight
	if f == nil || !holdsUnknown(v) {
		return truthy(v)
	}
	key := r.circumstances(s, e)
	if taken, ok := f.taken[key]; ok {
		return taken
	}
	taken := f.fork(2) == 0
	f.taken[key] = taken
	return taken
}

// mentioned tells the names in an expression.
func mentioned(e expr, tell func(name string)) {
	switch e := e.(type) {
	case variable:
		tell(e.name)
	case member:
		mentioned(e.of, tell)
	case index:
		mentioned(e.of, tell)
		mentioned(e.at, tell)
	case slice:
		mentioned(e.of, tell)
		mentioned(e.from, tell)
		mentioned(e.to, tell)
	case call:
		for _, a := range e.arguments {
			mentioned(a, tell)
		}
	case checkedCall:
		mentioned(e.of, tell)
	case unary:
		mentioned(e.of, tell)
	case binary:
		mentioned(e.left, tell)
		mentioned(e.right, tell)
	case listExpr:
		for _, item := range e {
			mentioned(item, tell)
		}
	case objectExpr:
		for _, p := range e {
			mentioned(p.value, tell)
		}
	}
}
