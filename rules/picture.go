package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Picture draws decisions for people: a line a clause, with ✓ or ✗, below it the values that it looked at, and at last
// what is done.
type Picture struct {
	// Outline is the rule's: with it, clauses that were not looked at are drawn too.
	Outline Outline
	// Indent begins each line.
	Indent string
	// Colour marks with terminal colours.
	Colour bool
}

// The marks of a picture, with their colours.
const (
	markHeld, colourHeld       = "✓", "\x1b[32m"
	markFails, colourFails     = "✗", "\x1b[31m"
	markUnseen, colourUnseen   = "·", "\x1b[2m"
	markAction, colourAction   = "→", "\x1b[36m"
	markTaken, colourPlain     = "←", "\x1b[0m"
	longestLine, widestMessage = 160, 100
)

// Of draws a decision; each line ends in a newline.
func (p Picture) Of(d Decision) string {
	var b strings.Builder
	p.clauses(&b, d)
	if len(d.Clauses) == 0 && d.Stopped != "" {
		p.line(&b, "", markFails, colourFails, onOneLine(d.Stopped))
	}
	p.unseen(&b, d)
	for _, a := range d.Actions {
		mark, colour := markAction, colourAction
		if a.taken(d) {
			mark, colour = markTaken, colourUnseen
		}
		p.line(&b, "", mark, colour, a.Line(d))
		if text := strings.TrimSpace(a.Message); text != "" {
			p.line(&b, "    ", "", colourUnseen, quotedLine(text))
		}
	}
	return b.String()
}

func (p Picture) line(b *strings.Builder, indent, mark, colour, text string) {
	if p.Colour && mark != "" {
		mark = colour + mark + colourPlain
	}
	if mark != "" {
		mark += " "
	}
	b.WriteString(strings.TrimRight(p.Indent+indent+mark+text, " ") + "\n")
}

func (p Picture) clauses(b *strings.Builder, d Decision) {
	for _, c := range d.Clauses {
		mark, colour := markFails, colourFails
		isWhile := strings.HasPrefix(c.Text, "while: ")
		switch {
		case c.Held:
			mark, colour = markHeld, colourHeld
		case isWhile && c.Error == "":
			colour = colourUnseen // it doesn't stop the rule
		}
		text := onOneLine(c.Text)
		if c.Error != "" {
			text += ": " + onOneLine(c.Error)
		} else if len(c.Children) == 0 && c.Value != "" && c.Value != "true" && c.Value != "false" {
			text += ": " + onOneLine(c.Value)
		}
		p.line(b, "", mark, colour, text)
		width := 0
		for _, child := range c.Children {
			width = max(width, len([]rune(child.Text)))
		}
		for _, child := range c.Children {
			p.line(b, "    ", "", "", fmt.Sprintf("%s%s = %s", child.Text, strings.Repeat(" ", width-len([]rune(child.Text))), onOneLine(child.Value)))
		}
	}
}

// unseen draws the clauses behind the one that stopped it.
func (p Picture) unseen(b *strings.Builder, d Decision) {
	if d.Matched {
		return
	}
	for _, c := range p.Outline.Clauses {
		if !slices.ContainsFunc(d.Clauses, func(seen Clause) bool { return seen.Text == c.Text && seen.Line == c.Line }) {
			p.line(b, "", markUnseen, colourUnseen, onOneLine(c.Text))
		}
	}
}

func onOneLine(text string) string {
	return capped(strings.Join(strings.Fields(text), " "), longestLine)
}

// quotedLine is a text's beginning, each of its lines behind the other.
func quotedLine(text string) string {
	return "“" + capped(strings.Join(strings.Split(text, "\n"), " ⏎ "), widestMessage) + "”"
}

// taken says whether the action's `while` is false.
func (a Action) taken(d Decision) bool {
	for _, o := range d.Opinions {
		_, votes := a.Labels[o.Target]
		if !o.Stands && (o.Kind == "label" && votes || o.Kind == "hashtag" && a.Kind == kindHashtags && len(a.Add)+len(a.Remove) == 0) {
			return true
		}
	}
	return false
}

// Line is an action of a decision in a few words.
func (a Action) Line(d Decision) string {
	words := []string{a.Kind}
	switch a.Kind {
	case kindVote:
		for _, label := range keys(a.Labels) {
			words = append(words, label+" "+signed(a.Labels[label]))
		}
	case kindReport:
		words = append(words, a.Report.line())
	case kindTask:
		words = append(words, a.taskName())
	case kindTopic:
		words = append(words, a.Topic)
	}
	for _, list := range []struct {
		sign  string
		words []string
	}{{"+", a.Add}, {"cc ", a.CC}, {"-", a.Remove}} {
		for _, w := range list.words {
			words = append(words, list.sign+w)
		}
	}
	if a.Notify != "" {
		words = append(words, "(notify "+a.Notify+")")
	}
	if a.Approve != "" {
		words = append(words, "(once "+a.Approve+" approve)")
	}
	if a.taken(d) {
		for _, o := range d.Opinions {
			if o.Kind == "hashtag" && a.Kind == kindHashtags {
				words = append(words, o.Target)
			}
		}
		words = append(words, "is taken back, where it stands")
	}
	return strings.Join(words, " ")
}

// line is what a report came to.
func (r *Report) line() string {
	switch {
	case r == nil || r.Outcome == "":
		return "of no change"
	case r.Outcome == "running":
		return "waits for other tasks of the patchset"
	}
	return fmt.Sprintf("%s %s (%s)", r.Label, signed(r.Value), r.Outcome)
}

// signed is the value of a vote as Gerrit shows it: 0 has no sign.
func signed(value int) string {
	if value == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", value)
}

func (a Action) taskName() string {
	metadata, _ := a.Task["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	queue, _ := a.Task["taskQueueId"].(string)
	return fmt.Sprintf("%s on %s", name, queue)
}
