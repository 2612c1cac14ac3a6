package deliver_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
)

// act is an action on what a change is, as a rule has it, and what comes of it.
type act struct {
	kind string
	do   string // the entry below do:
	on   string // the source; patchset-created when empty
	// first is what the change has to be before.
	first func(s *site) error
	// method and path are those of its call.
	method, path string
	shows        func(c gerrittest.Change) bool
	// undo is somebody's, who then wants it otherwise. Where it is nil nobody can, or Gerrit keeps no story of it.
	undo func(s *site) error
}

func (a act) rules(project, mode string) map[string]string {
	return map[string]string{"ops/act.yaml": fmt.Sprintf(`defaults: {server: main, project: '%s'}
rules:
  - name: act
    mode: %s
    on: {gerrit: %s}
    do:
      - %s
`, project, mode, cmp.Or(a.on, "patchset-created"), a.do)}
}

var acts = []act{
	{
		kind: "reviewers", do: "reviewers: {add: [bob], cc: [ci-bot@example.com]}", method: "POST", path: "/review",
		shows: func(c gerrittest.Change) bool {
			return slices.Contains(c.Reviewers, "bob") && slices.Contains(c.CCs, "ci-bot")
		},
		undo: func(s *site) error {
			return errors.Join(s.as("alice").DeleteReviewer(s.t.Context(), s.id, "ci-bot"), s.as("alice").DeleteReviewer(s.t.Context(), s.id, "bob"))
		},
	},
	{
		kind: "attention", do: "attention: {add: [owner], reason: CI has a question}", method: "POST", path: "/review",
		shows: func(c gerrittest.Change) bool { return slices.Contains(c.Attention, "alice") },
	},
	{
		kind: "wip", do: "wip: {}", method: "POST", path: "/review",
		shows: func(c gerrittest.Change) bool { return c.WIP },
		undo:  func(s *site) error { return s.as("alice").SetReadyForReview(s.t.Context(), s.id) },
	},
	{
		kind: "ready", do: "ready: {}", method: "POST", path: "/review",
		first: func(s *site) error { return s.as("alice").SetWorkInProgress(s.t.Context(), s.id) },
		shows: func(c gerrittest.Change) bool { return !c.WIP },
		undo:  func(s *site) error { return s.as("alice").SetWorkInProgress(s.t.Context(), s.id) },
	},
	{
		kind: "topic", do: "topic: 'ci-${change.number}'", method: "PUT", path: "/topic",
		shows: func(c gerrittest.Change) bool { return c.Topic == fmt.Sprintf("ci-%d", c.Number) },
		undo:  func(s *site) error { return s.as("alice").DeleteTopic(s.t.Context(), s.id) },
	},
	{
		kind: "hashtags", do: "hashtags: [ci-seen]", method: "POST", path: "/hashtags",
		shows: func(c gerrittest.Change) bool { return slices.Contains(c.Hashtags, "ci-seen") },
		undo: func(s *site) error {
			_, err := s.as("alice").RemoveHashtags(s.t.Context(), s.id, "ci-seen")
			return err
		},
	},
	{
		kind: "comment", do: "comment: Seen\n        inline: [{path: a.txt, line: 1, message: 'Is this needed?'}]", method: "POST", path: "/review",
		shows: func(c gerrittest.Change) bool {
			return len(c.Comments) == 1 && c.Comments[0].Path == "a.txt" && c.Comments[0].Line == 1 && c.Comments[0].Text == "Is this needed?"
		},
	},
	{
		kind: "abandon", do: "abandon: {}\n        message: Closed for now", method: "POST", path: "/abandon",
		shows: func(c gerrittest.Change) bool { return c.Status == gerrit.ChangeStatusAbandoned },
		undo:  func(s *site) error { return s.as("alice").RestoreChange(s.t.Context(), s.id) },
	},
	{
		kind: "restore", do: "restore: {}\n        message: Not so fast", on: "change-abandoned", method: "POST", path: "/restore",
		first: func(s *site) error { return s.as("alice").AbandonChange(s.t.Context(), s.id) },
		shows: func(c gerrittest.Change) bool { return c.Status == gerrit.ChangeStatusNew },
		undo:  func(s *site) error { return s.as("alice").AbandonChange(s.t.Context(), s.id) },
	},
	{
		kind: "submit", do: "submit: {}", method: "POST", path: "/submit",
		first: func(s *site) error {
			return s.as("root").SetReview(s.t.Context(), s.id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}})
		},
		shows: func(c gerrittest.Change) bool { return c.Status == gerrit.ChangeStatusMerged },
	},
}

func (s *site) expect(a act, shows bool, state store.ActionState) {
	s.t.Helper()
	if c := s.look(); a.shows(c) != shows {
		s.t.Errorf("%s shows: %t, want %t: %+v\n%s", a.kind, !shows, shows, c, s.actions())
	}
	s.expectStates(map[store.ActionState]int{state: 1})
}

var fullSHA = regexp.MustCompile(`/revisions/[0-9a-f]{40}/`)

// doneOnce: its event is found twice.
func (s *site) doneOnce(a act) {
	s.t.Helper()
	s.poll()
	s.poll()
	s.expect(a, true, store.ActionDone)
	if wrote := s.line.wrote(); len(wrote) != 1 || !strings.HasPrefix(wrote[0], a.method+" ") || !strings.HasSuffix(wrote[0], a.path) {
		s.t.Errorf("wrote %q, want one %s …%s", wrote, a.method, a.path)
	}
	for _, path := range s.line.wrote() {
		if strings.Contains(path, "/revisions/") && !fullSHA.MatchString(path) {
			s.t.Errorf("wrote %s, want the revision's whole SHA", path)
		}
	}
}

// doneUnheard: nobody hears the answer to its call, and the next attempt finds it done.
func (s *site) doneUnheard(a act) {
	s.t.Helper()
	s.line.set(true)
	s.poll()
	before := s.look()
	s.line.set(false)
	if !a.shows(before) {
		s.t.Fatalf("the call had no effect: %+v", before)
	}
	s.await("done", func() bool { return s.states()[store.ActionDone] == 1 })
	s.expect(a, true, store.ActionDone)
	if after := s.look(); len(after.Messages) != len(before.Messages) || len(after.Comments) != len(before.Comments) {
		s.t.Errorf("done again by the second attempt: %+v, before it %+v", after, before)
	}
}

// undoneUnheard: nobody hears the answer to its call, and somebody undoes it before the next attempt.
func (s *site) undoneUnheard(a act) {
	s.t.Helper()
	s.line.set(true)
	s.poll()
	s.line.set(false)
	if err := a.undo(s); err != nil {
		s.t.Fatal(err)
	}
	s.await("done", func() bool { return s.states()[store.ActionDone] == 1 })
	s.expect(a, false, store.ActionDone)
}

// each runs a test for each action on a stand-in of its own.
func each(t *testing.T, test func(s *site, a act)) {
	for _, a := range acts {
		t.Run(a.kind, func(t *testing.T) {
			t.Parallel()
			test(fakeSite(t, a, "live"), a)
		})
	}
}

func TestEachActionIsDoneOnceHoweverOftenItsEventComes(t *testing.T) { each(t, (*site).doneOnce) }

func TestEachActionWhoseOutcomeNobodyHeardIsDoneOnce(t *testing.T) { each(t, (*site).doneUnheard) }

func TestWhatSomebodyUndidBeforeTheOutcomeWasKnownStaysUndone(t *testing.T) {
	each(t, func(s *site, a act) {
		if a.undo != nil {
			s.undoneUnheard(a)
		}
	})
}

func TestEachActionThatGerritRefusesIsDeadWithItsReason(t *testing.T) {
	each(t, func(s *site, a act) {
		var log bytes.Buffer
		s.Log = zerolog.New(&log)
		s.gerrit.Fail(gerrittest.Fault{Method: a.method, Path: a.path, Status: http.StatusForbidden, Text: "the moon is full", Times: -1})
		s.poll()
		s.expect(a, false, store.ActionDead)
		s.expectDead("the moon is full")
		if line := log.String(); !strings.Contains(line, `"level":"error"`) || !strings.Contains(line, `"rule":"ops/act","contact":"ops@example.org"`) {
			s.t.Errorf("the log says %q, want whose contact has to hear of it", line)
		}
	})
}

func TestEachActionIsComparedWithTheGrantOfTheTime(t *testing.T) {
	each(t, func(s *site, a act) {
		s.pollOnly()
		s.decideAll()
		left := slices.DeleteFunc(strings.Split(opsActions, ", "), func(word string) bool { return word == a.kind })
		s.loadOf(opsTeams(s.t, "demo", strings.Join(left, ", ")), a.rules("demo", "live"))
		told := 0
		s.Delivered = func(_ store.Action, o store.Outcome) {
			if o.State == store.ActionDead {
				told++
			}
		}
		s.settle()
		if told != 1 {
			s.t.Errorf("that it died was told %d times, want once", told)
		}
		s.expect(a, false, store.ActionDead)
		s.expectDead(fmt.Sprintf("%q is not among the actions of ops on main:demo", a.kind))
		s.expectWrote()
	})
}

func (s *site) expectWrote(want ...string) {
	s.t.Helper()
	if got := s.line.wrote(); !slices.Equal(got, want) {
		s.t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestAnActionAboutAnOlderPatchsetIsNotDone(t *testing.T) {
	each(t, func(s *site, a act) {
		if a.kind == "restore" {
			return // nobody can push to an abandoned change
		}
		s.pollOnly()
		s.decideAll()
		s.gerrit.Push(gerrittest.Push{Change: 1, Files: map[string]string{"b.txt": "b"}})
		s.settle()
		s.expect(a, false, store.ActionSuperseded)
		s.expectWrote()
	})
}

func TestInShadowNothingIsDone(t *testing.T) {
	for _, a := range acts {
		t.Run(a.kind, func(t *testing.T) {
			t.Parallel()
			s := fakeSite(t, a, "shadow")
			s.poll()
			s.expectWrote()
			s.expectStates(map[store.ActionState]int{})
			if n := s.shadows(); n != 1 {
				t.Errorf("%d decisions of the shadow matched, want one\n%s", n, s.actions())
			}
		})
	}
}

// shadows counts the decisions that matched and led to nothing.
func (w *world) shadows() (n int) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), store.Filter{Limit: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		decisions, err := w.store.Decisions(w.t.Context(), e.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range decisions {
			if d.Matched && d.Shadow {
				n++
			}
		}
	}
	return n
}

// TestWhatSomebodyMadeOfAChangeSinceTheDecisionStays: the decision waited, as it does on hold.
func TestWhatSomebodyMadeOfAChangeSinceTheDecisionStays(t *testing.T) {
	for kind, since := range map[string]func(s *site) error{
		"topic": func(s *site) error {
			_, err := s.as("alice").SetTopic(s.t.Context(), s.id, "mine")
			return err
		},
		"wip":     func(s *site) error { return s.as("alice").SetReadyForReview(s.t.Context(), s.id) },
		"abandon": func(s *site) error { return s.gerrit.Merge(1, "root") },
		"restore": func(s *site) error {
			return errors.Join(s.gerrit.Restore(1, "alice", ""), s.gerrit.Merge(1, "root"))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			a := acts[slices.IndexFunc(acts, func(a act) bool { return a.kind == kind })]
			if kind == "wip" { // which it was already when the rule decided
				a.first = func(s *site) error { return s.as("alice").SetWorkInProgress(s.t.Context(), s.id) }
			}
			s := fakeSite(t, a, "live")
			s.pollOnly()
			s.decideAll()
			if err := since(s); err != nil {
				t.Fatal(err)
			}
			s.settle()
			s.expect(a, false, store.ActionSuperseded)
			s.expectWrote()
		})
	}
}
