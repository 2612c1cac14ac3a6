package deliver_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/rules/examples"
)

// oneTask is a rule that creates one task; its definition has more fields.
func oneTask(fields string) map[string]string {
	return map[string]string{"gfx/start.yaml": `defaults: {server: main, project: demo}
rules:
  - name: start
    on: {gerrit: patchset-created}
    do:
      - task: {key: one, taskQueueId: gfx/ci, projectId: gfx, deadline: {$fromNow: 2 hours}, metadata: {name: one, description: one}, payload: {}, ` + fields + `}
`}
}

// granted are teams of which one has these scopes, for any patchset, with roles expanded.
func granted(t *testing.T, roles map[string][]string, scopes ...string) *rules.Teams {
	t.Helper()
	list, err := json.Marshal(scopes)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit: [{server: main, projects: [demo], actions: [comment]}]
    taskcluster: {scopes: %[1]s, trust: [{who: anyone, scopes: %[1]s}]}
`, list)
	teams, problems := rules.LoadTeams("teams.yaml", []byte(text))
	if len(problems) == 0 {
		teams, problems = teams.WithRoles(roles, "", nil)
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return teams
}

// signedWith are the scopes of each createTask that arrived.
func (w *world) signedWith() [][]string {
	var all [][]string
	for _, call := range w.tc.Calls() {
		if call.Method == "createTask" {
			all = append(all, call.Scopes)
		}
	}
	return all
}

// action is the one action on a task.
func (w *world) action() store.Action {
	w.t.Helper()
	all, err := w.store.Actions(w.t.Context(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(a store.Action) bool { return a.Kind == deliver.KindTask })
	if i < 0 {
		w.t.Fatalf("no action on a task\n%s", w.actions())
	}
	return all[i]
}

func TestATaskArrivesWithExactlyTheScopesThatItNeeds(t *testing.T) {
	base := []string{"queue:create-task:project:gfx", "queue:scheduler-id:verdict"}
	tests := []struct {
		name, fields  string
		granted, want []string
	}{
		{"no more than it needs", "priority: low", []string{"queue:*"}, []string{"queue:create-task:low:gfx/ci"}},
		{"the least of the priorities that are granted", "priority: low", []string{"queue:create-task:highest:gfx/ci", "queue:create-task:medium:gfx/*"}, []string{"queue:create-task:medium:gfx/ci"}},
		{"routes and its own scopes", "routes: [index.gfx.a, notify.b], scopes: ['secrets:get:gfx/*']", []string{"queue:*", "secrets:*"},
			[]string{"queue:create-task:lowest:gfx/ci", "queue:route:index.gfx.a", "queue:route:notify.b", "secrets:get:gfx/*"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.tc.AddClient("verdict", "token", "queue:*", "secrets:*", "auth:create-client:verdict/*")
			w.loadOf(granted(t, nil, append(slices.Clone(base), test.granted...)...), oneTask(test.fields))
			w.push("a")
			w.poll()
			want := slices.Concat(base, test.want)
			slices.Sort(want)
			got := w.signedWith()
			if len(got) != 1 || !slices.Equal(slices.Sorted(slices.Values(got[0])), want) {
				t.Fatalf("createTask arrived with %v, want once with %v\n%s", got, want, w.actions())
			}
			var result struct{ Scopes []string }
			if err := json.Unmarshal(w.action().Result, &result); err != nil || !slices.Equal(slices.Sorted(slices.Values(result.Scopes)), want) {
				t.Errorf("the action's result is %s, want %v in it", w.action().Result, want)
			}
		})
	}
}

func TestATaskBeyondItsGrantIsNeverSentAndTellsWhatIsMissing(t *testing.T) {
	w := newWorld(t, nil)
	w.loadOf(granted(t, nil, "queue:create-task:lowest:gfx/ci", "queue:scheduler-id:verdict"), oneTask("routes: [index.gfx.a]"))
	ps := w.push("a")
	w.poll()
	if got := w.signedWith(); len(got) > 0 || len(w.tc.Tasks()) > 0 {
		t.Errorf("createTask arrived with %v", got)
	}
	const missing = "queue:route:index.gfx.a queue:create-task:project:gfx"
	if a := w.action(); a.State != store.ActionDead || a.Reason != `task "one" needs scopes that its team has not been granted for this patchset: `+missing {
		t.Errorf("the action is %s: %s", a.State, a.Reason)
	}
	want := "CI could not start: task \"one\" asks for more than this project may use\n\nMissing: " + missing + "\nIf you need it, ask gfx@example.org; if not, remove that task."
	if said := w.said(ps.Change); len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("the change says %q\nwant %q", said, want)
	}
}

// crowded are more routes than fit into a certificate.
func crowded() string {
	var routes []string
	for i := range 50 {
		routes = append(routes, fmt.Sprintf("index.gfx.some.rather.long.name.of.a.route.%03d", i))
	}
	return "routes: [" + strings.Join(routes, ", ") + "]"
}

var task = []string{"queue:create-task:lowest:gfx/ci", "queue:create-task:project:gfx", "queue:scheduler-id:verdict"}

func TestScopesThatDontFitAreCoveredByTheGrantsOwnEntriesWithAWarning(t *testing.T) {
	for entry, roles := range map[string]map[string][]string{
		"queue:route:index.gfx.*": nil,
		"assume:project:gfx":      {"assume:project:gfx": {"queue:route:index.gfx.*"}},
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.tc.SetRole("project:gfx", "queue:route:index.gfx.*")
			w.tc.AddClient("verdict", "token", "queue:*", "assume:project:gfx", "auth:create-client:verdict/*")
			w.loadOf(granted(t, roles, append(slices.Clone(task), entry, "queue:*")...), oneTask(crowded()))
			w.push("a")
			w.poll()
			if got := w.signedWith(); len(got) != 1 || len(w.tc.Tasks()) != 1 {
				t.Fatalf("createTask arrived with %v\n%s", got, w.actions())
			}
			result := string(w.action().Result)
			if !strings.Contains(result, `"warning":"its 53 scopes don't fit into a certificate, so it was signed with the wider `+entry+` of the grant"`) {
				t.Errorf("the result is %s", result)
			}
		})
	}
}

func TestScopesThatFitInNoWayAreRefusedWithTheRoleToCreate(t *testing.T) {
	w := newWorld(t, nil)
	scopes := slices.Clone(task)
	for i := range 50 {
		scopes = append(scopes, fmt.Sprintf("queue:route:index.gfx.some.rather.long.name.of.a.route.%03d", i))
	}
	w.loadOf(granted(t, nil, scopes...), oneTask(crowded()))
	ps := w.push("a")
	w.poll()
	a := w.action()
	if len(w.signedWith()) > 0 || a.State != store.ActionDead || !strings.Contains(a.Reason, "can create the role verdict:gfx/start with the scopes queue:route:index") || !strings.HasSuffix(a.Reason, "and grant assume:verdict:gfx/start") {
		t.Errorf("the action is %s: %s", a.State, a.Reason)
	}
	if said := w.said(ps.Change); len(said) != 1 || !strings.Contains(said[0], "CI could not start: task \"one\" asks for more than this project may use\n\nIt needs 53 scopes at once: ") {
		t.Errorf("the change says %q", said)
	}
}

func TestADefinitionThatCanNeverBeSentEndsItsAction(t *testing.T) {
	w := newWorld(t, nil)
	w.loadOf(granted(t, nil, "queue:*"), oneTask("priority: '${lowercase(\"URGENT\")}'"))
	w.push("a")
	w.poll()
	if a := w.action(); a.State != store.ActionDead || !strings.Contains(a.Reason, `no priority "urgent"`) || len(w.signedWith()) > 0 {
		t.Errorf("the action is %s: %s", a.State, a.Reason)
	}
}

// The rules to start from are granted what they need, by Taskcluster's own reference.
func TestTheExamplesAreGrantedWhatTheyNeed(t *testing.T) {
	data, err := examples.Files.ReadFile("teams.yaml")
	if err != nil {
		t.Fatal(err)
	}
	teams, problems := rules.LoadTeams("teams.yaml", data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text, err := examples.Files.ReadFile("graphics/patchsets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := rules.Load(rules.Sources{Files: map[string][]byte{"graphics/patchsets.yaml": text}, Teams: teams, TaskScopes: deliver.TaskScopes, StepScopes: deliver.StepScopes})
	for _, p := range problems {
		t.Error(p)
	}
	tasks := set.Rule("graphics", "build-shaders").Tasks()
	if len(tasks) != 2 || tasks[0].Key != "task:linux" || tasks[0].Scopes[0].Scope != "queue:create-task:low:gfx/ci-linux" {
		t.Errorf("build-shaders creates %+v", tasks)
	}
}
