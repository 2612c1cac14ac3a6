package ruleset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// teller is a loader of a process that tells into log.
func (p *place) teller(log *bytes.Buffer) *Loader {
	l := p.loader()
	l.Problems = &problems.Teller{Store: p.store, Contact: l.Contact, Log: zerolog.New(log)}
	return l
}

func (p *place) problems() []store.Problem {
	p.t.Helper()
	all, err := p.store.Problems(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func TestABrokenTeamIsToldOnceOverRestartsAndUntilItIsMended(t *testing.T) {
	p := newPlace(t)
	var log bytes.Buffer
	p.load(p.teller(&log))
	p.write("rules/graphics/ci.yaml", "rules:\n  - nmae: x\n")
	for range 3 {
		l := p.teller(&log)
		p.load(l)
		l.Remind(t.Context())
	}
	if n := strings.Count(log.String(), "somebody has to mend"); n != 1 || !strings.Contains(log.String(), `"contact":"gfx-ci@example.org"`) {
		t.Errorf("told %d times:\n%s", n, &log)
	}
	all := p.problems()
	if len(all) != 1 || all[0].Team != "graphics" || all[0].Times != 3 || !strings.Contains(all[0].Said, "graphics/ci.yaml:2") {
		t.Errorf("problems are %+v", all)
	}
	p.write("rules/graphics/ci.yaml", strings.Replace(rule("merged", "platform/gfx"), `"main"`, `"next"`, 1))
	p.load(p.teller(&log)) // of another process than the one that told
	if all := p.problems(); len(all) != 0 {
		t.Errorf("mended, there are %+v", all)
	}
}

func TestLosingALiveRuleThatVotesIsTold(t *testing.T) {
	voting := rule("merged", "platform/gfx") // it is lost while no process runs
	for name, c := range map[string]struct{ text, want string }{
		"gone":           {rule("another", "platform/gfx"), "it is gone from the rules"},
		"shadow":         {strings.Replace(voting, "    when:", "    mode: shadow\n    when:", 1), "its mode is shadow"},
		"off":            {strings.Replace(voting, "    when:", "    mode: \"off\"\n    when:", 1), "its mode is off"},
		"votes no more":  {strings.Replace(voting, "- vote: {Verified: 1}\n        message: merged", "- comment: merged", 1), "it casts no vote any more"},
		"renamed":        {strings.Replace(voting, "name: merged", "name: landed\n    was: merged", 1), ""},
		"another branch": {strings.Replace(voting, `"main"`, `"next"`, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			var log bytes.Buffer
			p.load(p.teller(&log))
			p.write("rules/graphics/ci.yaml", c.text)
			if a := p.load(p.teller(&log)); len(a.Broken) > 0 {
				t.Fatalf("broken are %v", a.Broken)
			}
			all := p.problems()
			if c.want == "" {
				if len(all) > 0 {
					t.Errorf("told %+v", all)
				}
				return
			}
			if len(all) != 1 || all[0].Team != "graphics" || all[0].Name != "rule merged no longer votes" || !strings.HasPrefix(all[0].Said, c.want) {
				t.Errorf("told %+v", all)
			}
		})
	}
}

// whoDies is a store under a process that dies when it has published.
type whoDies struct{ Store }

func (whoDies) RenameRules(context.Context, []store.Renaming) error { return errors.New("dead") }

func TestWhatAProcessDidNotComeToTellIsToldByTheNextOneOnce(t *testing.T) {
	for _, shared := range []bool{false, true} {
		p := newPlace(t)
		var log bytes.Buffer
		next := func() *Loader {
			l := p.teller(&log)
			l.Shared = shared
			return l
		}
		first := next()
		p.load(first)
		p.write("rules/graphics/ci.yaml", rule("another", "platform/gfx"))
		p.write("rules/audio/ci.yaml", "rules: 1\n")
		first.Store = whoDies{first.Store}
		if err := first.LoadTree(t.Context(), p.tree("c2"), nil); err == nil || len(p.problems()) > 0 {
			t.Fatalf("it died with %v, and told %+v", err, p.problems())
		}
		for range 3 {
			l := next()
			if shared {
				p.sync(l)
			} else if err := l.LoadTree(t.Context(), p.tree("c2"), nil); err != nil {
				t.Fatal(err)
			}
		}
		all := p.problems()
		if len(all) != 2 || all[0].Name != BrokenRules || all[1].Name != "rule merged no longer votes" || all[1].Times != 1 {
			t.Errorf("shared %t: problems are %+v", shared, all)
		}
		if n := strings.Count(log.String(), "somebody has to mend"); n != 2 {
			t.Errorf("shared %t: told %d times:\n%s", shared, n, &log)
		}
	}
}

func TestWhatAnOldPublicationTookAwayIsNoNewsAtTheStart(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	p.load(l)
	p.write("rules/graphics/ci.yaml", rule("another", "platform/gfx"))
	a := p.load(l)
	if got := lost(nil, a, nil); !slices.Equal(got, []string{"graphics/merged"}) {
		t.Errorf("of a new one lost are %q", got)
	}
	a.Published.Published = a.Published.Published.Add(-lately)
	if got := lost(nil, a, nil); len(got) > 0 {
		t.Errorf("of an old one lost are %q", got)
	}
}

func TestABrokenVoterStaysAndIsNotLost(t *testing.T) {
	p := newPlace(t)
	var log bytes.Buffer
	l := p.teller(&log)
	p.load(l)
	p.write("rules/graphics/ci.yaml", "rules: 1\n")
	p.load(l)
	if all := p.problems(); len(all) != 1 || all[0].Name != BrokenRules {
		t.Errorf("told %+v", all)
	}
	if r := l.Active().Set.Rule("graphics", "merged"); r == nil || r.Mode != rules.Live {
		t.Errorf("the rule is %+v", r)
	}
	if err := os.RemoveAll(filepath.Join(p.dir, "rules", "graphics")); err != nil {
		t.Fatal(err)
	}
	p.load(l)
	if all := p.problems(); len(all) != 1 || all[0].Name != "rule merged no longer votes" {
		t.Errorf("after its folder is gone: %+v", all)
	}
}
