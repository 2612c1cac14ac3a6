package rules

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
)

// SaysChange says whether `on` has `change`, by which a task that is trusted says of which one it is.
func (t *Trigger) SaysChange() bool { return t.change != nil }

// ChangeNeeds are the facts that have to be in Input.Facts for ChangeOf, sorted.
func (t *Trigger) ChangeNeeds() []string {
	var needs []string
	for _, c := range []*condition{t.change, t.patchset} {
		if c == nil {
			continue
		}
		for _, name := range c.facts {
			if name != "event" && name != "now" {
				needs = appendNew(needs, name)
			}
		}
	}
	slices.Sort(needs)
	return needs
}

// ChangeOf is what `change` and `patchset` of the trigger Input.On come to: numbers that can be one's, a patchset of 0
// where it isn't said. An error tells in what they fail; that is the event's fault, and asking again doesn't help.
func (r *Rule) ChangeOf(in Input) (change, patchset int, err error) {
	e, t := &evaluation{rule: r, in: in}, &r.On[in.On]
	if change, err = e.number(*t.change); err != nil {
		return 0, 0, fmt.Errorf("change: %w", err)
	}
	if t.patchset == nil {
		return change, 0, nil
	}
	if patchset, err = e.number(*t.patchset); err != nil {
		return 0, 0, fmt.Errorf("patchset: %w", err)
	}
	return change, patchset, nil
}

// number is what an expression comes to, if a change or patchset can have it: Gerrit's numbers have 31 bits.
func (e *evaluation) number(c condition) (int, error) {
	v, err := e.value(c)
	if failed := (*EvalError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w%s", c.text, err, e.shown(c))
	}
	n, ok := v.(types.Int)
	if !ok {
		return 0, fmt.Errorf("%s came to a %s, not to a whole number%s", c.text, v.Type().TypeName(), e.shown(c))
	}
	if n < 1 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s came to %d, which is no number of one", c.text, n)
	}
	return int(n), nil
}

// shown are the fields that an expression names, with what they are, in brackets.
func (e *evaluation) shown(c condition) string {
	var out []string
	for _, f := range e.fields(c) {
		out = append(out, f.Text+" is "+f.Value)
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}
