package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/rules"
)

const untidy = `# A file.

rules:
- do:
    - while: task.state != "completed"   # true: stands
      # of the vote
      vote: {  Verified: -1 }
      message: "${task.name} failed\n${links.log}\n"
  when:
  - "task.tags.kind == \"build\""
  # a word about the second
  - task.name != "it's"
  # the end of when
  on: {  branch: [main,'release/*'],
     task: settled }
  name: "one"


  # the end of one
# about two
- {name: two, on: {gerrit: change-merged}, do: [{comment: "It's merged"}]}
defaults: {server: main}
# the end
`

const tidied = `# A file.

defaults: {server: main}

rules:
  - name: 'one'
    # the end of when
    on: {task: settled, branch: [main, 'release/*']}
    when:
      - 'task.tags.kind == "build"'
      # a word about the second
      - 'task.name != "it''s"'
    do:
      # of the vote
      - vote: {Verified: -1}
        while: task.state != "completed" # true: stands
        message: |
          ${task.name} failed
          ${links.log}

    # the end of one
  # about two
  - {name: two, on: {gerrit: change-merged}, do: [{comment: "It's merged"}]}
# the end
`

func TestFormatKeepsWhatTheExamplesSay(t *testing.T) {
	names, _ := filepath.Glob("examples/*/*.yaml")
	more, _ := filepath.Glob("../deploy/example/rules/*/*.yaml")
	if len(names) == 0 || len(more) == 0 {
		t.Fatal("no examples")
	}
	for _, name := range append(names, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out, found := rules.Format(name, data)
		if len(found) > 0 {
			t.Errorf("%s: %s", name, listing(found))
			continue
		}
		if string(out) != string(data) {
			t.Errorf("%s is written in another way:\n%s", name, out)
		}
	}
}

func TestFormat(t *testing.T) {
	out, found := rules.Format("f.yaml", []byte(untidy))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	if !strings.Contains(string(out), tidied) {
		t.Errorf("got\n%s\nwant\n%s", out, tidied)
	}
	again, _ := rules.Format("f.yaml", out)
	if string(again) != string(out) {
		t.Errorf("formatted twice:\n%s\nonce:\n%s", again, out)
	}
}
