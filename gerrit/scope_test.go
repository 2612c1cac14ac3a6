package gerrit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

func TestScopeIsTheSmallestQuery(t *testing.T) {
	many := make([]string, 201)
	for i := range many {
		many[i] = fmt.Sprint("p", i)
	}
	for _, c := range []struct {
		projects, prefixes []string
		want               string
	}{
		{nil, nil, ""},
		{[]string{"b", "a", "b"}, nil, `project:"a" OR project:"b"`},
		{[]string{"infra/a", "z"}, []string{"infra/", "infra/tools/"}, `project:"z" OR projects:"infra/"`},
		{[]string{"a"}, []string{""}, ""},
		{many, nil, ""},
		{[]string{strings.Repeat("long", 2000)}, nil, ""},
	} {
		if got := gerrit.NewScope(c.projects, c.prefixes).Query(); got != c.want {
			t.Errorf("%q %q: got %q, want %q", c.projects, c.prefixes, got, c.want)
		}
	}
	if n := strings.Count(gerrit.NewScope(many[:200], nil).Query(), " OR "); n != 199 {
		t.Errorf("200 projects: %d ORs", n)
	}
}

func TestScopeHasWhatItsQueryFinds(t *testing.T) {
	s := gerrit.NewScope([]string{"demo"}, []string{"infra/"})
	for project, want := range map[string]bool{"demo": true, "demo2": false, "infra/x": true, "infra": false} {
		if s.Has(project) != want {
			t.Errorf("%s: %t", project, !want)
		}
	}
	if !(gerrit.Scope{}).Has("anything") {
		t.Error("the zero Scope is not everything")
	}
}

// scoped is a world with changes in two projects, of which one is looked at.
func scoped(t *testing.T, scope *gerrit.Scope) (w *world, other int) {
	w = newWorld(t, nil)
	*scope = gerrit.NewScope([]string{"demo"}, nil)
	w.poller.Scope = func() gerrit.Scope { return *scope }
	w.push(1)
	other = w.Push(gerrittest.Push{Project: "infra/tools/demo", Subject: "Other"}).Change
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 1)
	_, rest, _ := strings.Cut(w.found.cursor, " ")
	w.begun()
	w.found.cursor += " " + rest
	return w, other
}

func TestPollLooksAtWhatComesIntoScope(t *testing.T) {
	var scope gerrit.Scope
	w, other := scoped(t, &scope)
	w.clock.advance(time.Hour)
	w.push(1)
	w.poll(t)
	w.clock.advance(time.Hour)
	scope = gerrit.NewScope([]string{"demo"}, []string{"infra/"})
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 3)
	w.Comment(other, "alice", "now it is followed")
	w.poll(t)
	w.expect(t, gerrit.CommentAdded, 1)
}

func TestPollLooksAgainAtWhatWasOutOfScopeForAWhile(t *testing.T) {
	var scope gerrit.Scope
	w, other := scoped(t, &scope)
	both := gerrit.NewScope([]string{"demo", "infra/tools/demo"}, nil)
	scope, both = both, scope
	w.poll(t)
	w.clock.advance(time.Hour)
	scope, both = both, scope
	w.push(1)
	w.poll(t)
	w.Comment(other, "alice", "nobody hears it")
	w.clock.advance(time.Hour)
	w.push(1)
	w.poll(t)
	w.expect(t, gerrit.CommentAdded, 0)
	scope = both
	w.poll(t)
	w.expect(t, gerrit.CommentAdded, 1)
}

func TestPollDoesNotLookAtAllWhenScopeShrinks(t *testing.T) {
	var scope gerrit.Scope
	w, _ := scoped(t, &scope)
	scope = gerrit.NewScope(nil, []string{"de"})
	w.poll(t)
	scope = gerrit.NewScope([]string{"demo"}, nil)
	w.ForgetRequests()
	w.poll(t)
	for _, r := range w.Requests() {
		if strings.Contains(r.Query.Get("q"), "status:open") {
			t.Errorf("asked %s", r.Query.Get("q"))
		}
	}
}

func TestLookLeavesOutWhatIsBeyondScope(t *testing.T) {
	var scope gerrit.Scope
	w, other := scoped(t, &scope)
	w.ForgetRequests()
	if err := w.poller.Look(t.Context(), gerrit.Hint{Type: gerrit.PatchsetCreated, Project: "infra/tools/demo", Change: other}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, gerrit.PatchsetCreated, 1)
	if n := len(w.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestFullLeavesAloneWhatIsOutOfScope(t *testing.T) {
	var scope gerrit.Scope
	w, other := scoped(t, &scope)
	scope = gerrit.Scope{}
	w.poll(t)
	scope = gerrit.NewScope([]string{"demo"}, nil)
	w.Delete(other)
	if err := w.poller.Full(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(t, gerrit.ChangeVanished, 0)
	scope = gerrit.Scope{}
	if err := w.poller.Full(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(t, gerrit.ChangeVanished, 1)
}
