package yamlfile

import (
	"fmt"
	"regexp"
	"strconv"
)

var numberAsWritten = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9]|\.0)?([eE][-+]?[0-9]+)?$`)

// decimal is a number that has one meaning, whatever zeros it ends in.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// plainNumber says whether a number is written as JSON writes it, so that no digit has a second meaning.
func plainNumber(text string) bool { return numberAsWritten.MatchString(text) }

// Value is the node as JSON knows values: nil, bool, int64, float64, string, []any and map[string]any. A number
// whose spelling would be lost (0777, 1.10, 1_000, .inf) is a problem: only its writer knows whether it is one.
func (n *Node) Value() (any, []Problem) {
	var problems []Problem
	value := n.plain(&problems)
	return value, problems
}

func (n *Node) plain(problems *[]Problem) any {
	switch n.Kind {
	case Null:
		return nil
	case Bool:
		return n.Text == "true" || n.Text == "True" || n.Text == "TRUE"
	case Int, Float:
		return n.number(problems)
	case Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.plain(problems)
		}
		return list
	case Mapping:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key.Text] = e.Value.plain(problems)
		}
		return m
	default:
		return n.Text
	}
}

func (n *Node) number(problems *[]Problem) any {
	if plainNumber(n.Text) {
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return i
		}
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil && n.Kind == Float {
			return f
		}
	}
	*problems = append(*problems, n.Problem(
		fmt.Sprintf("%s is a number that YAML would change", n.Text),
		fmt.Sprintf("a text needs quotes: '%s'; a number is written as JSON does", n.Text)))
	return nil
}
