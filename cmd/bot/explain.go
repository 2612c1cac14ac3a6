package main

import (
	"encoding/json"
	"fmt"
	"io"

	"verdict/rules"
)

// explained is one rule's decision, to be shown.
type explained struct {
	rule        string // TEAM/RULE
	verdict     string // where the decision doesn't say it: of a rule that wasn't looked at
	shadow      bool
	explanation json.RawMessage
	// outline is the rule's where that is known: then the clauses that were not looked at are shown too.
	outline rules.Outline
}

// print draws the decision: the rule and its verdict in a line, below it the tree.
func (e explained) print(out io.Writer) error {
	var made rules.Decision
	if err := json.Unmarshal(e.explanation, &made); err != nil {
		return fmt.Errorf("read the explanation of %s: %w", e.rule, err)
	}
	said := "matches"
	switch {
	case e.verdict != "":
		said = e.verdict
	case !made.Matched:
		said = "stops at " + oneLine(made.Stopped)
	}
	if e.shadow {
		said += " (shadow: nothing is done)"
	}
	fmt.Fprintf(out, "%s %s\n", e.rule, said)
	fmt.Fprint(out, rules.Picture{Outline: e.outline, Indent: "  ", Colour: colours(out)}.Of(made))
	return nil
}
