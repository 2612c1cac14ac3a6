package deliver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
)

// commandSite has rules on commands.
func commandSite(t *testing.T, rulesText string) *site {
	t.Helper()
	w := newOpsWorld(t, gerrittest.Config{}, map[string]string{"ops/commands.yaml": "defaults: {server: main, project: demo}\nrules:\n" + rulesText})
	s := &site{world: w, id: fmt.Sprint(w.push().Change), as: w.as}
	s.pollOnly()
	return s
}

const recheckRule = `  - name: recheck
    on: {command: recheck, by: [owner, 'group:Administrators']}
    do:
      - comment: 'did ${command.name} ${command.args} for ${command.by.username} on ${patchset.number}'
`

// says has somebody write messages, and the bot look twice after each.
func (s *site) says(who string, messages ...string) {
	s.t.Helper()
	for _, m := range messages {
		s.gerrit.Comment(1, who, m)
		s.poll()
		s.poll()
	}
}

// expectSaid compares what the bot said on the change with beginnings of it, without markers.
func (s *site) expectSaid(want ...string) {
	s.t.Helper()
	var got []string
	for _, text := range s.said(1) {
		text = strings.TrimSpace(text[strings.Index(text, "\n"):])
		got = append(got, strings.TrimSpace(text[:strings.LastIndex(text, "Verdict test/")]))
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		s.t.Errorf("said %q, want %q\n%s", got, want, s.actions())
	}
}

func TestACommandIsDoneOnce(t *testing.T) {
	s := commandSite(t, recheckRule)
	s.says("alice", "Thanks.\r\n\r\nrecheck  shaders\u00a0x\r\nrecheck shaders x\r\n")
	s.says("alice", "recheck")
	s.says("alice", "> recheck\n\nplease don't")
	s.expectSaid("did recheck shaders x for alice on 1", "did recheck  for alice on 1")
}

func TestWhoMayNotIsAnsweredOncePerPersonAndChange(t *testing.T) {
	s := commandSite(t, recheckRule)
	s.says("eve", "recheck", "recheck now", "recheck\nrecheck a\nrecheck b")
	s.gerrit.Push(gerrittest.Push{Change: 1, Files: map[string]string{"b.txt": "b"}})
	s.says("eve", "recheck")
	refused := `"recheck" was not done: it is for the owner and members of Administrators`
	s.expectSaid(refused)
	s.says("bob", "recheck")
	s.says("root", "recheck")
	s.expectSaid(refused, refused, "did recheck  for root on 2")
	if first, _, _ := strings.Cut(refused, "\n"); len(first) >= 80 {
		t.Errorf("the first line has %d characters: %s", len(first), first)
	}
}

func TestARefusalOfManyStaysShort(t *testing.T) {
	s := commandSite(t, `  - name: land
    on: {command: land-after-all-of-it-is-done, by: [uploader, author, 'group:Project Owners', 'user:alice', root@example.com]}
    do: [{comment: landed}]
`)
	s.says("eve", "land-after-all-of-it-is-done")
	s.says("alice", "land-after-all-of-it-is-done")
	s.expectSaid("\"land-after-all-of-it-is…\" was not done: it isn't for everybody\n\n"+
		"Those who may: the uploader, the author, members of Project Owners, alice and root@example.com.", "landed")
}

// TestOneRuleThatTakesACommandIsEnough: another, of other people, says nothing.
func TestOneRuleThatTakesACommandIsEnough(t *testing.T) {
	s := commandSite(t, recheckRule+`  - name: by-bob
    on: {command: recheck, by: 'user:bob'}
    do: [{comment: did it too}]
  - name: never
    mode: shadow
    on: {command: recheck, by: 'user:nobody'}
    do: [{comment: shadow}]
`)
	s.says("bob", "recheck")
	s.expectSaid("did it too")
	s.says("eve", "recheck")
	s.expectSaid("did it too", `"recheck" was not done: it is for the owner, members of Administrators and bob`)
}

func TestWhatIsMeantIsAskedOnce(t *testing.T) {
	s := commandSite(t, recheckRule)
	s.says("alice", "rechek", "Recheck", "I checked it\n\nchecked", "recheck")
	s.expectSaid(`"rechek" was not done; did you mean "recheck"?`, "did recheck  for alice on 1")
}

func TestACommandOnAClosedChangeIsForRulesThatSayTheyAnswerIt(t *testing.T) {
	s := commandSite(t, recheckRule+`  - name: backport
    on: {command: backport}
    when: ['change.status == "MERGED"']
    do: [{comment: 'to ${command.args}'}]
`)
	if err := s.gerrit.Merge(1, "root"); err != nil {
		t.Fatal(err)
	}
	s.says("alice", "recheck", "recheck", "backport 1.2")
	s.expectSaid(`"recheck" was not done: the change is merged`, "to 1.2")
}

// TestACommandIsAboutThePatchsetThatWasCurrentWhenItWasWritten, whichever its writer looked at.
func TestACommandIsAboutThePatchsetThatWasCurrentWhenItWasWritten(t *testing.T) {
	s := commandSite(t, recheckRule)
	s.gerrit.Push(gerrittest.Push{Change: 1, Files: map[string]string{"b.txt": "b"}})
	s.poll()
	if err := s.as("alice").SetReview(t.Context(), s.id, "1", gerrit.ReviewInput{Message: "recheck"}); err != nil {
		t.Fatal(err)
	}
	s.poll()
	s.expectSaid("did recheck  for alice on 2")
	s.says("alice", "thanks") // on the current one
	s.gerrit.Comment(1, "alice", "recheck late")
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1100 * time.Millisecond))) // Gerrit's times are whole seconds
	s.gerrit.Push(gerrittest.Push{Change: 1, Files: map[string]string{"b.txt": "c"}})
	s.poll()
	s.expectSaid("did recheck  for alice on 2")
	all, err := s.store.Actions(t.Context(), store.Filter{State: string(store.ActionSuperseded)})
	if err != nil || len(all) != 1 || all[0].Patchset != 2 {
		t.Errorf("superseded: %+v, %v, want the one of patch set 2\n%s", all, err, s.actions())
	}
}

// TestTheAnswerThatGerritsPagesWriteIsACommandToo: it is a comment on the patchset. Comments on files aren't.
func TestTheAnswerThatGerritsPagesWriteIsACommandToo(t *testing.T) {
	s := commandSite(t, recheckRule)
	say := func(path, text string) {
		t.Helper()
		in := gerrit.ReviewInput{Comments: map[string][]gerrit.CommentInput{path: {{Message: text}}}}
		if err := s.as("alice").SetReview(t.Context(), s.id, "current", in); err != nil {
			t.Fatal(err)
		}
		s.poll()
	}
	say(gerrit.PatchSetLevel, "Now it's right.\n\nrecheck shaders")
	say("a.txt", "recheck of a file")
	say(gerrit.PatchSetLevel, "nothing")
	s.expectSaid("did recheck shaders for alice on 1")
}

// TestNoMachineGivesCommands: what the bot itself or another one quotes starts nothing.
func TestNoMachineGivesCommands(t *testing.T) {
	s := commandSite(t, strings.Replace(recheckRule, "[owner, 'group:Administrators']", "anyone", 1))
	for who, tag := range map[string]string{"bot": "", "ci-bot": "autogenerated:ci"} {
		if err := s.as(who).SetReview(t.Context(), s.id, "current", gerrit.ReviewInput{Message: "recheck", Tag: tag}); err != nil {
			t.Fatal(err)
		}
	}
	s.poll()
	s.poll()
	s.expectSaid()
	s.says("ci-bot", "recheck")
	s.expectSaid("did recheck  for ci-bot on 1")
}

func TestWhatWasSaidBeforeTheRuleIsNoCommand(t *testing.T) {
	s := commandSite(t, recheckRule)
	s.begin0(time.Now().Add(time.Hour))
	s.says("alice", "recheck")
	s.says("eve", "recheck", "rechek")
	s.expectSaid()
}

// begin0 sets since when rules answer.
func (s *site) begin0(at time.Time) { s.world.begin = at }

// TestARecheckRerunsWhatFailedByName is the rule of the language's page, the whole way.
func TestARecheckRerunsWhatFailedByName(t *testing.T) {
	w := stepWorld(t, "'queue:rerun-task:verdict/*'", shaderTasks+`  - name: recheck
    on: {command: recheck, by: [owner, 'group:gfx-reviewers']}
    do:
      - rerun: {tasks: failed, named: '${command.args}'}
`)
	w.push("shaders/a.glsl")
	w.poll()
	tasks := w.tc.Tasks()
	if len(tasks) != 2 {
		t.Fatalf("%d tasks, want 2\n%s", len(tasks), w.actions())
	}
	fail := func() {
		for _, task := range tasks {
			if now, _ := w.tc.Task(task.ID); !now.Status.Final() {
				w.run(task.ID, "failed", "failed")
			}
		}
		w.bring(w.messages()...)
	}
	fail()
	for n, step := range []struct {
		who, says string
		linux     int
		others    int
	}{{"eve", "recheck", 1, 1}, {"alice", "recheck *-linux", 2, 1}, {"alice", "recheck", 3, 2}, {"alice", "recheck nothing", 3, 2}} {
		w.gerrit.Comment(1, step.who, step.says)
		w.poll()
		w.poll()
		for _, task := range tasks {
			want := step.others
			if strings.HasSuffix(task.Definition.Metadata.Name, "-linux") {
				want = step.linux
			}
			if got := w.runs(task.ID); got != want {
				t.Errorf("step %d, %q: %s has %d runs, want %d\n%s", n, step.says, task.Definition.Metadata.Name, got, want, w.actions())
			}
		}
		fail()
	}
}
