package rules_test

import (
	"strings"
	"testing"

	"verdict/rules"
)

func TestALineThatIsShownEndsBeforeItsCarriageReturn(t *testing.T) {
	teams, _ := rules.LoadTeams("teams.yaml", []byte("teams:\n  gfx:\n    folder: gfx/\n    contact: {email: gfx@example.org}\n"))
	text := "rules:\r\n  - name: one\r\n    on: {task: settled}\r\n    do: [{comment: a}]\r\n  - name: one\r\n    on: {task: settled}\r\n    do: [{comment: b}]\r\n"
	_, found := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/a.yaml": []byte(text)}, Teams: teams})
	for _, d := range found {
		if strings.Contains(d.Message, "a second rule") {
			if want := "    - name: one\n      ^\n"; d.Excerpt() != want {
				t.Errorf("got\n%q, want\n%q", d.Excerpt(), want)
			}
			return
		}
	}
	t.Errorf("got %v", found)
}
