package ruletest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"verdict/rules"
)

// Text writes results for people.
type Text struct {
	Out io.Writer
	// Colour marks with terminal colours.
	Colour bool
}

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	plan  = "\x1b[0m"
)

func (t *Text) in(colour, text string) string {
	if !t.Colour || text == "" {
		return text
	}
	return colour + text + plan
}

// Result writes how one test went.
func (t *Text) Result(r Result) {
	if r.Passed() {
		fmt.Fprintf(t.Out, "%s %s\n", t.in(green, "✓"), r.Name)
		return
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.in(red, "✗"), r.Name)
	for _, f := range r.Findings {
		fmt.Fprintf(t.Out, "  %s:%d: %s\n", r.File, f.Line, f.What)
		for _, line := range difference(f.Want, f.Got) {
			colour := map[byte]string{'-': green, '+': red}[line[0]]
			fmt.Fprintf(t.Out, "      %s\n", t.in(colour, line))
		}
		for _, tree := range f.Trees {
			fmt.Fprintf(t.Out, "    %s %s\n", tree.Rule, t.in(dim, saidOf(tree.Decision)))
			fmt.Fprint(t.Out, rules.Picture{Outline: tree.Outline, Indent: "      ", Colour: t.Colour}.Of(tree.Decision))
		}
	}
}

func saidOf(d rules.Decision) string {
	if d.Matched {
		return "matches"
	}
	return "stops at " + strings.Join(strings.Fields(d.Stopped), " ")
}

// difference are the lines of both sides: those of want alone with a minus, those of got alone with a plus.
func difference(want, got []string) (out []string) {
	rest := slices.Clone(got)
	for _, w := range want {
		if i := slices.Index(rest, w); i >= 0 {
			for _, before := range rest[:i] {
				out = append(out, "+ "+before)
			}
			out, rest = append(out, "  "+w), rest[i+1:]
			continue
		}
		out = append(out, "- "+w)
	}
	for _, g := range rest {
		out = append(out, "+ "+g)
	}
	if len(out) > 0 {
		out = append(out, "  (- expected, + came)")
	}
	return out
}

// Summary writes the last lines; with gaps, what no test has shown.
func (t *Text) Summary(r Report, gaps bool) {
	failed := r.Failed()
	c := r.Coverage
	if gaps {
		for _, g := range c.Gaps {
			fmt.Fprintf(t.Out, "%s\n", g)
		}
	}
	verdict := t.in(green, fmt.Sprintf("%d passed", len(r.Results)-failed))
	if failed > 0 {
		verdict += ", " + t.in(red, fmt.Sprintf("%d failed", failed))
	}
	fmt.Fprintf(t.Out, "%s; %d of %d clauses, actions and filters shown; %s\n", verdict, c.Covered, c.Parts, r.Took.Round(10*time.Millisecond))
}
