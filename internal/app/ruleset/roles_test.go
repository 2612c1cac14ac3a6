package ruleset

import (
	"context"
	"errors"
	"strings"
	"testing"
)

const roleTeams = `teams:
  graphics:
    folder: graphics/
    gerrit: [{server: main, projects: [platform/gfx], actions: [comment]}]
    taskcluster: {scopes: ['assume:project:gfx', 'queue:scheduler-id:verdict']}
  audio:
    folder: audio/
    gerrit:
      - {server: main, projects: [platform/audio], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
`

const taskRule = `rules:
  - name: build
    on: {task: settled}
    do:
      - task: {key: a, taskQueueId: gfx/ci, projectId: gfx, deadline: {$fromNow: 1 hour}, metadata: {name: a, description: a}, payload: {}}
`

// auth is an auth that knows roles, or is away.
type auth struct {
	roles map[string][]string
	away  error
	asked []string
}

func (a *auth) expand(_ context.Context, role string) ([]string, error) {
	a.asked = append(a.asked, role)
	return a.roles[role], a.away
}

func newRolePlace(t *testing.T) (*place, *auth) {
	p := newPlace(t)
	p.write("teams.yaml", roleTeams)
	p.write("rules/graphics/ci.yaml", taskRule)
	return p, &auth{roles: map[string][]string{"assume:project:gfx": {"assume:project:gfx", "queue:create-task:*"}}}
}

func (p *place) loaderWith(a *auth) *Loader {
	l := p.loader()
	l.Expand = a.expand
	return l
}

func TestRolesOfGrantsAreExpandedAndKept(t *testing.T) {
	p, auth := newRolePlace(t)
	if a := p.load(p.loaderWith(auth)); names(a) != "audio/merged graphics/build" || len(a.Broken) > 0 || a.Unasked {
		t.Fatalf("in force are %s, broken %v", names(a), a.Broken)
	}
	auth.away = errors.New("connection refused")
	l := p.loaderWith(auth) // after a restart
	a := p.load(l)
	if names(a) != "audio/merged graphics/build" || !a.Unasked || !strings.Contains(strings.Join(a.Broken[""], ""), "expand assume:project:gfx: connection refused") {
		t.Errorf("while auth is away, in force are %s, broken %v", names(a), a.Broken)
	}
	auth.away, auth.roles = nil, map[string][]string{"assume:project:gfx": {"queue:create-task:lowest:gfx/ci"}}
	a = p.load(l)
	if names(a) != "audio/merged" || !strings.Contains(strings.Join(a.Broken["graphics"], ""), "needs queue:create-task:project:gfx") {
		t.Errorf("with a role that gives less, in force are %s, broken %v", names(a), a.Broken)
	}
}

func TestATeamWithARoleNobodyKnowsHasNoRulesUntilAuthAnswers(t *testing.T) {
	p, auth := newRolePlace(t)
	auth.away = errors.New("connection refused")
	l := p.loaderWith(auth)
	a := p.load(l)
	if names(a) != "audio/merged" || !a.Unasked || !strings.Contains(strings.Join(a.Broken["graphics"], ""), "what assume:project:gfx gives to graphics can't be told: expand assume:project:gfx: connection refused") {
		t.Errorf("in force are %s, broken %v", names(a), a.Broken)
	}
	auth.away = nil
	if a = p.load(l); names(a) != "audio/merged graphics/build" || a.Unasked || len(a.Broken) > 0 {
		t.Errorf("then, in force are %s, broken %v", names(a), a.Broken)
	}
	if l = p.loader(); names(p.load(l)) != "audio/merged graphics/build" {
		t.Errorf("without a Taskcluster, in force are %s", names(l.Active()))
	}
}

func TestTheLastGoodGrantStandsInForOneWithAnUnknownRole(t *testing.T) {
	p, auth := newRolePlace(t)
	p.load(p.loaderWith(auth))
	auth.away = errors.New("connection refused")
	p.write("teams.yaml", strings.Replace(roleTeams, "'assume:project:gfx'", "'assume:project:gfx', 'assume:project:more'", 1))
	for range 2 { // a restart doesn't lose it
		a := p.load(p.loaderWith(auth))
		if names(a) != "audio/merged graphics/build" || !strings.Contains(strings.Join(a.Broken["graphics"], ""), "the grant of the last good teams.yaml is in force") {
			t.Errorf("in force are %s, broken %v", names(a), a.Broken)
		}
		team, _ := a.Set.Team("graphics")
		if len(team.Scopes) != 2 {
			t.Errorf("the grant is %v", team.Scopes)
		}
	}
}
