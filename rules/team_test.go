package rules_test

import (
	"errors"
	"strings"
	"testing"

	"verdict/rules"
)

const teamsText = `teams:
  graphics:
    folder: graphics/
    gerrit:
      - {server: main, projects: [platform/gfx, 'platform/gfx/**', '!platform/gfx/secret'], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
      - {server: main, projects: [docs], branches: [main], labels: {Docs: [0, 1]}, actions: [vote]}
    taskcluster:
      scopes: ['queue:create-task:low:gfx/*', 'queue:create-task:lowest:gfx/untrusted']
      trustTasks: [{schedulerId: gfx-level-1}, {projectId: gfx, taskQueueId: 'gfx/*'}]
      trust:
        - {who: ['group:gfx-committers', 'user:ci'], scopes: ['queue:create-task:low:gfx/linux']}
        - {who: ['group:gfx-friends'], scopes: ['queue:create-task:lowest:gfx/untrusted']}
`

func graphics(t *testing.T) *rules.Team {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte(teamsText))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	team, ok := teams.Team("graphics")
	if !ok {
		t.Fatal("no team")
	}
	return team
}

func TestGrants(t *testing.T) {
	team := graphics(t)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"in range", team.MayVote("main", "platform/gfx", "main", "Verified", -1), ""},
		{"taken back", team.MayVote("main", "platform/gfx", "main", "Verified", 0), ""},
		{"below", team.MayVote("main", "platform/gfx/a", "x", "Verified", -2), "Verified -2 is beyond graphics' grant (-1..+1 on main:platform/gfx, platform/gfx/**, !platform/gfx/secret), teams.yaml:5"},
		{"another label", team.MayVote("main", "platform/gfx", "main", "Verifed", 1), `no label "Verifed" is granted to graphics on main:platform/gfx, platform/gfx/**, !platform/gfx/secret, teams.yaml:5; did you mean Verified?`},
		{"excluded", team.MayVote("main", "platform/gfx/secret", "main", "Verified", 1), "main:platform/gfx/secret main is beyond graphics' grant"},
		{"another server", team.MayVote("other", "platform/gfx", "main", "Verified", 1), "other:platform/gfx main is beyond graphics' grant"},
		{"a branch", team.MayVote("main", "docs", "main", "Docs", 1), ""},
		{"another branch", team.MayVote("main", "docs", "next", "Docs", 1), "main:docs next is beyond graphics' grant"},
		{"an action", team.MayDo("main", "docs", "main", "comment"), `"comment" is not among the actions of graphics on main:docs main (vote), teams.yaml:6`},
		{"a hashtag", team.MayHashtag("main", "platform/gfx", "main", "ci-x"), ""},
		{"another hashtag", team.MayHashtag("main", "platform/gfx", "main", "x"), `the hashtag "x" is beyond graphics' grant (ci-* on`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				if test.err != nil {
					t.Errorf("refused: %v", test.err)
				}
				return
			}
			var denied *rules.Denied
			if !errors.As(test.err, &denied) || !strings.HasPrefix(denied.Error(), test.want) {
				t.Errorf("got %v\nwant %s", test.err, test.want)
			}
		})
	}
}

func TestTaskScopesAreTheLessTrustedOnes(t *testing.T) {
	team := graphics(t)
	committer := rules.Account{Username: "alice", Groups: []string{"gfx-committers"}}
	friend := rules.Account{Username: "bob", Groups: []string{"gfx-friends"}}
	stranger := rules.Account{Email: "eve@example.org"}
	tests := []struct {
		name   string
		people *rules.Identities
		want   string
	}{
		{"no patchset", nil, "queue:create-task:low:gfx/* queue:create-task:lowest:gfx/untrusted"},
		{"both trusted", &rules.Identities{Uploader: committer, Author: committer}, "queue:create-task:low:gfx/linux"},
		{"a user by name", &rules.Identities{Uploader: rules.Account{Username: "ci"}, Author: committer}, "queue:create-task:low:gfx/linux"},
		{"a friend's work, uploaded by a committer", &rules.Identities{Uploader: committer, Author: friend}, "queue:create-task:lowest:gfx/untrusted"},
		{"a committer's work, uploaded by a friend", &rules.Identities{Uploader: friend, Author: committer}, "queue:create-task:lowest:gfx/untrusted"},
		{"a stranger's work", &rules.Identities{Uploader: committer, Author: stranger}, "error: no trust row of graphics fits the author eve@example.org, teams.yaml:2"},
		{"nobody", &rules.Identities{}, "error: no trust row of graphics fits the uploader without an account, teams.yaml:2"},
	}
	for _, test := range tests {
		scopes, err := team.TaskScopes(test.people)
		got := strings.Join(scopes, " ")
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestTrustsTask(t *testing.T) {
	team := graphics(t)
	tests := []struct {
		scheduler, project, queue string
		want                      bool
	}{
		{"gfx-level-1", "none", "a/b", true},
		{"other", "gfx", "gfx/linux", true},
		{"other", "gfx", "web/linux", false},
		{"", "", "", false},
	}
	for _, test := range tests {
		if got := team.TrustsTask(test.scheduler, test.project, test.queue); got != test.want {
			t.Errorf("TrustsTask(%q, %q, %q) = %v", test.scheduler, test.project, test.queue, got)
		}
	}
}

func TestLoadTeamsRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", `t.yaml:1:1 error: the key "teams" is missing`},
		{"an unknown key", "teams:\n  a: {folder: a/, gerit: []}\n", `t.yaml:2:19 error: no key "gerit" here; did you mean gerrit?`},
		{"no folder", "teams:\n  a: {operators: []}\n", `t.yaml:2:6 error: the key "folder" is missing`},
		{"a folder without a slash", "teams:\n  a: {folder: a}\n", "t.yaml:2:15 error: the folder \"a\" does not end in /; write a/"},
		{"a folder outside", "teams:\n  a: {folder: ../a/}\n", "t.yaml:2:15 error: the folder \"../a/\" is not below the rules folder"},
		{"one folder in another", "teams:\n  a: {folder: x/}\n  b: {folder: x/y/}\n", "t.yaml:3:15 error: the folder x/y/ lies in x/, which is a'"},
		{"one folder twice", "teams:\n  a: {folder: x/}\n  b: {folder: x/}\n", "t.yaml:3:15 error: the folder x/ lies in x/, which is a'"},
		{"a team of nothing", "teams:\n  a:\n", "t.yaml:2:5 error: no value is written here"},
		{"an unknown action", "teams:\n  a: {folder: a/, gerrit: [{server: s, projects: [p], actions: [votes]}]}\n", `t.yaml:2:65 error: no action "votes" can be granted here; did you mean vote?`},
		{"a range upside down", "teams:\n  a: {folder: a/, gerrit: [{server: s, projects: [p], labels: {V: [1, -1]}, actions: [vote]}]}\n", "t.yaml:2:67 error: V goes from 1 to -1"},
		{"a bad pattern", "teams:\n  a: {folder: a/, gerrit: [{server: s, projects: ['p**'], actions: [vote]}]}\n", `t.yaml:2:51 error: "p**": **`},
		{"a trust row beyond the scopes", "teams:\n  a: {folder: a/, taskcluster: {scopes: ['x:*'], trust: [{who: anyone, scopes: ['x:1', 'y']}]}}\n", "t.yaml:2:88 error: y is not satisfied by the scopes of a"},
		{"a prefix beyond the scopes", "teams:\n  a: {folder: a/, taskcluster: {scopes: ['x:1'], trust: [{who: anyone, scopes: ['x:*']}]}}\n", "t.yaml:2:81 error: x:* is not satisfied by the scopes of a"},
		{"nobody", "teams:\n  a: {folder: a/, taskcluster: {scopes: [], trust: [{who: committers, scopes: []}]}}\n", `t.yaml:2:59 error: "committers" names nobody; write group:NAME, user:NAME or anyone`},
		{"every task is trusted", "teams:\n  a: {folder: a/, taskcluster: {trustTasks: [{}]}}\n", "t.yaml:2:46 error: a row that trusts every task"},
		{"a limit below zero", "teams:\n  a: {folder: a/, limits: {actionsPerMinute: -1}}\n", "t.yaml:2:46 error: a negative number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			teams, found := rules.LoadTeams("t.yaml", []byte(test.in))
			if got := listing(found); !strings.HasPrefix(got, test.want) || teams != nil {
				t.Errorf("%s\n got %s\nwant %s", test.in, got, test.want)
			}
		})
	}
}

func TestABrokenFileStopsOnlyItsTeam(t *testing.T) {
	teams, _ := rules.LoadTeams("teams.yaml", []byte("teams:\n  a: {folder: a/}\n  b: {folder: b/}\n"))
	rule := func(on string) []byte {
		return []byte("rules:\n  - name: r\n    on: " + on + "\n    do: [{task: {taskQueueId: a/b, deadline: x, payload: {}, metadata: {name: x, description: x}}}]\n")
	}
	in := rules.Sources{Teams: teams, Files: map[string][]byte{"a/good.yaml": rule("{task: settled}"), "a/bad.yaml": rule("{tsk: settled}"), "b/r.yaml": []byte("rules: []\n"), "b/notes.txt": []byte("x"), "c/stray.yaml": rule("{task: settled}"), "b/old.yml": rule("{task: settled}"), "b/Loud.YAML": rule("{task: settled}")}}
	set, found := rules.Load(in)
	if len(set.Rules()) != 0 || len(set.Broken()["a"]) == 0 || set.TeamFiles("a") != nil {
		t.Errorf("team a: %d rules, broken %v", len(set.Rules()), set.Broken()["a"])
	}
	text := listing(found)
	for _, want := range []string{"c/stray.yaml:1:1 error: the file lies in no team's folder", "b/old.yml:1:1 error: a file that ends in .yml is not read; name it b/old.yaml", "b/Loud.YAML:1:1 error: a file that ends in .YAML is not read; name it b/Loud.yaml", "a/good.yaml:4:17 error: a has no scopes to create tasks with"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	delete(in.Files, "b/old.yml")
	delete(in.Files, "b/Loud.YAML")
	set, _ = rules.Load(in)
	if _, broken := set.Broken()["b"]; broken || len(set.TeamFiles("b")) != 2 {
		t.Errorf("team b: %v, files %v", set.Broken()["b"], set.TeamFiles("b"))
	}
	other, _ := rules.Load(rules.Sources{Teams: teams, Files: map[string][]byte{"a/good.yaml": nil}})
	if set.Hash() == other.Hash() || len(set.Hash()) != 32 {
		t.Errorf("hashes %s and %s", set.Hash(), other.Hash())
	}
}

func TestARuleWithoutAProjectLooksAtItsTeamsProjects(t *testing.T) {
	teams, found := rules.LoadTeams("teams.yaml", []byte(teamsText))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	granted := "platform/gfx platform/gfx/** !platform/gfx/secret docs"
	set, found := rules.Load(rules.Sources{Teams: teams, Files: map[string][]byte{"graphics/r.yaml": []byte(`rules:
  - {name: all, on: {gerrit: change-merged}, do: [{task: {taskQueueId: gfx/ci, deadline: x, payload: {}, metadata: {name: x, description: x}}}]}
  - {name: but-docs, on: {gerrit: change-merged, project: '!docs'}, do: [{task: {taskQueueId: gfx/ci, deadline: x, payload: {}, metadata: {name: x, description: x}}}]}
  - {name: task, on: {task: settled}, do: [{vote: {Verified: 1}}]}
`)}})
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	for name, want := range map[string]string{"all": granted, "but-docs": granted + " !docs", "task": ""} {
		trigger := set.Rule("graphics", name).On[0]
		if got := strings.Join(trigger.Projects, " "); got != want || trigger.Server != "main" {
			t.Errorf("%s looks at %s on %s, want %s on main", name, got, trigger.Server, want)
		}
	}
	in := func(project string) int {
		return len(set.Match(rules.Occurrence{Source: "gerrit", Type: "change-merged", Server: "main", Project: project, Branch: "x"}, nil))
	}
	for project, want := range map[string]int{"docs": 1, "platform/gfx/a": 2, "platform/gfx/secret": 0, "other": 0} {
		if got := in(project); got != want {
			t.Errorf("%d rules look at %s, want %d", got, project, want)
		}
	}
}
