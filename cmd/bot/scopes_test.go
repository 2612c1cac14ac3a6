package main

import (
	"slices"
	"strings"
	"testing"

	"verdict/internal/deliver"
	"verdict/rules"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

func teamWith(t *testing.T, granted string) *rules.Teams {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte("teams: {gfx: {folder: gfx/, taskcluster: {scopes: ["+granted+"]}}}\n"))
	if rules.HasErrors(found) {
		t.Fatal(found)
	}
	return teams
}

func TestTheClientMayLookAtWhatATeamMayUpdate(t *testing.T) {
	for _, c := range []struct {
		granted string
		want    []string
	}{
		{`"auth:update-role:project:gfx:*"`, []string{"auth:get-role:project:gfx:*"}},
		{`"auth:update-client:project/gfx/one"`, []string{"auth:get-client:project/gfx/one"}},
		{`"auth:update-*"`, []string{"auth:get-client:*", "auth:get-role:*"}},
		{`"auth:create-role:project:gfx:*"`, nil},
		{`"auth:*"`, nil}, // covers them
	} {
		var got []string
		for _, s := range clientNeeds("bot", teamWith(t, c.granted)).Scopes {
			if strings.HasPrefix(s, "auth:get-") {
				got = append(got, s)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("granted %s: the client needs %q, want %q", c.granted, got, c.want)
		}
	}
}

// Of all methods that a rule may call, the client may look up what their scopes depend on.
func TestTheClientMayLookUpWhatCallsDependOn(t *testing.T) {
	refused := map[string]bool{}
	for _, m := range deliver.Methods() {
		refused[m.Name] = m.Refused != ""
	}
	looked := 0
	have := clientNeeds("bot", teamWith(t, `"auth:update-client:*", "auth:update-role:*"`)).Scopes
	for i := range methods.All {
		m := &methods.All[i]
		for _, l := range m.Lookups() {
			if refused[m.Service+"."+m.Name] {
				continue
			}
			looked++
			by := scopes.Find(methods.All, l.Service, l.Method)
			need, err := by.Needed(scopes.Request{Args: map[string]string{l.Arg: "x"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if missing := scopes.Missing(have, need); len(missing) > 0 {
				t.Errorf("%s.%s: to ask %s.%s the client lacks %q", m.Service, m.Name, l.Service, l.Method, missing)
			}
		}
	}
	if looked < 3 {
		t.Errorf("%d methods look something up", looked)
	}
}
