package ruletest

import (
	"encoding/json"
	"fmt"
	"strings"

	"verdict/rules"
)

// Finding is something that isn't as a test expects.
type Finding struct {
	// Line is where the expectation stands in its file.
	Line int
	What string
	// Want and Got are the two sides, a line each; what is equal is in both. Both may be empty.
	Want, Got []string
	// Trees explain the decisions that it is about.
	Trees []Tree
}

// Tree is one rule's decision, to be drawn.
type Tree struct {
	Rule     string
	Decision rules.Decision
	// Outline is the rule's, for the clauses that were not looked at.
	Outline rules.Outline
}

// contains tells whether got has all that want has: of an object the keys that are wanted, of a list as many items, each
// with all that is wanted of it. Anything else has to be the same.
func contains(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for k, v := range want {
			if g, there := got[k]; !there || !contains(v, g) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for i := range want {
			if !contains(want[i], got[i]) {
				return false
			}
		}
		return true
	case string:
		return want == got
	}
	_, isText := got.(string)
	return !isText && fmt.Sprint(want) == fmt.Sprint(got) && (want == nil) == (got == nil)
}

// plain is a value as JSON has it, so that what was decided and what is written compare alike.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		return string(text)
	}
	return out
}

// shown is a value on one line.
func shown(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}
