package mutationtest

import (
	"slices"
	"strings"
	"testing"
)

const small = `defaults: {server: main, branch: main}
rules:
  - name: r
    on: {task: settled}
    when:
      - 'task.tags.kind == "build"'
      - '!change.wip && task.state in ["failed", "exception"]'
    do:
      - vote: {Verified: -1}
        while: 'size(task.runs) < 3'
        message: '${task.name} failed'
`

// What is changed, and whose it is to notice.
func TestMutationsAreOfEveryKind(t *testing.T) {
	all := mutantsOf("a/r.yaml", []byte(small))
	for _, want := range []struct {
		kind
		line  int
		after string
	}{
		{keyNeeded, 4, "on: {}"}, {keyLeftOut, 1, "defaults: {server: main}"}, {keyTwice, 4, "on: {task: settled, task: settled}"},
		{keyMisspelt, 9, "- vote: {Veriied: -1}"}, {wordMisspelt, 4, "on: {task: setled}"}, {otherWord, 4, "on: {task: completed}"},
		{otherText, 1, "defaults: {server: main, branch: mani}"}, {wordMisspelt, 1, "defaults: {server: mani, branch: main}"},
		{wrongType, 4, "on: {task: [settled]}"}, {wrongType, 9, "- vote: {Verified: '-1'}"}, {otherNumber, 9, "- vote: {Verified: 0}"}, {otherNumber, 9, "- vote: {Verified: 1}"},
		{freeKey, 6, `- 'task.tags.kidn == "build"'`}, {nameMisspelt, 6, `- 'task.tas.kind == "build"'`}, {otherText, 6, `- 'task.tags.kind == "buld"'`},
		{wrongQuotes, 6, `- 'task.tags.kind == build'`}, {wrongQuotes, 6, `- "task.tags.kind == "build""`}, {otherOperator, 6, `- 'task.tags.kind != "build"'`},
		{wrongQuotes, 7, `- !change.wip && task.state in ["failed", "exception"]`}, {otherOperator, 7, `- 'change.wip && task.state in ["failed", "exception"]'`},
		{otherOperator, 7, `- '!change.wip || task.state in ["failed", "exception"]'`}, {wordMisspelt, 7, `- '!change.wip && task.state in ["faied", "exception"]'`},
		{otherWord, 7, `- '!change.wip && task.state in ["exception", "exception"]'`}, {otherName, 7, `- '!change.private && task.state in ["failed", "exception"]'`},
		{silentTrap, 10, `while: 'len(task.runs) < 3'`}, {silentTrap, 10, `while: size(task.runs) < 3 && "fix #1" != ""`}, {otherNumber, 10, `while: 'size(task.runs) < 4'`},
		{otherOperator, 10, `while: 'size(task.runs) <= 3'`}, {silentTrap, 11, `message: '${HOME}/${task.name} failed'`}, {silentTrap, 11, `message: '${size(task.name)} failed'`},
		{nameMisspelt, 11, `message: '${task.nae} failed'`}, {otherText, 11, `message: '${task.name} faled'`}, {itemLeftOut, 6, ""},
	} {
		if !slices.ContainsFunc(all, func(m mutant) bool {
			return m.kind == want.kind && m.from <= want.line && want.line <= m.to && strings.TrimSpace(m.after) == want.after
		}) {
			t.Errorf("line %d: no mutant is %s: %s", want.line, want.name, want.after)
		}
	}
	lines := strings.Split(small, "\n")
	for _, m := range all {
		if string(m.text) == small || m.from < 1 || m.to > len(lines)+10 {
			t.Errorf("%s: %q", m, m.text)
		}
	}
}
