package deliver_test

import (
	"fmt"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
	"verdict/rules"
)

// happening is something of Gerrit's that a rule looks for, and what a rule can say of it.
type happening struct {
	kind    string
	first   func(s *site) error
	happens func(s *site) error
	say     string
	want    string
}

var happenings = []happening{
	{
		kind: gerrit.PatchsetCreated, say: "${event.patchset.number} ${event.patchset.kind} by ${event.patchset.uploader.username}", want: "2 REWORK by alice",
		happens: func(s *site) error {
			s.gerrit.Push(gerrittest.Push{Change: 1, Files: map[string]string{"b.txt": "b"}})
			return nil
		},
	},
	{
		kind: gerrit.CommentAdded, say: "${event.message.author.username} said ${event.message.text}", want: "alice said Patch Set 1:  please look",
		happens: func(s *site) error {
			return s.as("alice").SetReview(s.t.Context(), s.id, "current", gerrit.ReviewInput{Message: "please look"})
		},
	},
	{
		kind: gerrit.VoteChanged, say: "${event.vote.label} ${event.vote.old} to ${event.vote.new} by ${event.vote.account.username}", want: "Code-Review 0 to 2 by root",
		happens: func(s *site) error {
			return s.as("root").SetReview(s.t.Context(), s.id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}})
		},
	},
	{
		kind: gerrit.ReviewerChanged, say: "${event.reviewers[0].account.username} ${event.reviewers[0].new}", want: "bob CC",
		first: func(s *site) error { // whoever speaks becomes a CC, and that is news too
			return s.as("bot").SetReview(s.t.Context(), s.id, "current", gerrit.ReviewInput{Message: "here"})
		},
		happens: func(s *site) error {
			return s.as("alice").AddReviewers(s.t.Context(), s.id, gerrit.ReviewerInput{Reviewer: "bob", State: "CC"})
		},
	},
	{
		kind: gerrit.AttentionSetChanged, say: "${event.attention.added[0].username}", want: "alice",
		happens: func(s *site) error {
			_, err := s.as("alice").AddToAttentionSet(s.t.Context(), s.id, gerrit.AttentionSetInput{User: "alice", Reason: "mine"})
			return err
		},
	},
	{
		kind: gerrit.HashtagsChanged, say: "${event.hashtags.added[0]}, not ${event.hashtags.removed[0]}", want: "new, not old",
		first: func(s *site) error {
			_, err := s.as("alice").AddHashtags(s.t.Context(), s.id, "old")
			return err
		},
		happens: func(s *site) error {
			_, err := s.as("alice").SetHashtags(s.t.Context(), s.id, gerrit.HashtagsInput{Add: []string{"new"}, Remove: []string{"old"}})
			return err
		},
	},
	{
		kind: gerrit.TopicChanged, say: "from ${event.topic.old} to ${event.topic.new}", want: "from  to shaders",
		happens: func(s *site) error {
			_, err := s.as("alice").SetTopic(s.t.Context(), s.id, "shaders")
			return err
		},
	},
	{
		kind: gerrit.WIPChanged, say: "work in progress: ${event.change.wip}", want: "work in progress: true",
		happens: func(s *site) error { return s.as("alice").SetWorkInProgress(s.t.Context(), s.id) },
	},
	{
		kind: gerrit.ChangeAbandoned, say: "${event.change.status} on ${event.change.branch}", want: "ABANDONED on main",
		happens: func(s *site) error { return s.as("alice").AbandonChange(s.t.Context(), s.id) },
	},
	{
		kind: gerrit.ChangeRestored, say: "${event.change.status} again", want: "NEW again",
		first:   func(s *site) error { return s.as("alice").AbandonChange(s.t.Context(), s.id) },
		happens: func(s *site) error { return s.as("alice").RestoreChange(s.t.Context(), s.id) },
	},
	{
		kind: gerrit.ChangeMerged, say: "${event.change.status} by now", want: "MERGED by now",
		happens: func(s *site) error { return s.gerrit.Merge(1, "root") },
	},
	{
		kind: gerrit.PrivateStateChanged, say: "private: ${event.change.private}", want: "private: true",
		happens: func(s *site) error {
			e := s.event(gerrit.PrivateStateChanged)
			e.Change.Private = true
			return s.inbox.AcceptChanges(s.t.Context(), gerrit.Found{Server: "main", Events: []gerrit.Event{e}})
		},
	},
}

// event is one that only a stream tells.
func (s *site) event(kind string) gerrit.Event {
	c := s.gerrit.Change(1)
	return gerrit.Event{
		Type: kind, Server: "main", Time: c.Updated, State: "told by the stream",
		Change:   gerrit.EventChange{Number: 1, Project: c.Project, Branch: c.Branch, Status: c.Status, CurrentRevision: c.Current.Revision},
		Patchset: gerrit.EventPatchset{Number: c.Current.Number, Revision: c.Current.Revision},
	}
}

func TestEachOfGerritsEventsIsAnsweredOnceByItsTypedFields(t *testing.T) {
	for _, h := range happenings {
		t.Run(h.kind, func(t *testing.T) {
			t.Parallel()
			s := fakeSite(t, act{on: h.kind, do: "comment: '" + h.say + "'", first: h.first}, "live")
			s.poll()
			before := len(s.said(1))
			if err := h.happens(s); err != nil {
				t.Fatal(err)
			}
			s.poll()
			s.poll() // what the bot itself wrote is no such event
			said := s.said(1)[before:]
			if want := h.want + "\nVerdict test/"; len(said) != 1 || !strings.Contains(said[0], want) {
				t.Errorf("said %q, want one with %q\n%s", said, want, s.actions())
			}
		})
	}
}

// TestAChangeThatIsGoneIsDecidedWithoutAskingForIt: deleted, as the stream says, and vanished, as the poll finds.
func TestAChangeThatIsGoneIsDecidedWithoutAskingForIt(t *testing.T) {
	for kind, happens := range map[string]func(s *site) error{
		gerrit.ChangeVanished: func(s *site) error {
			s.gerrit.Delete(1)
			return s.full()
		},
		gerrit.ChangeDeleted: func(s *site) error {
			e := s.event(gerrit.ChangeDeleted)
			s.gerrit.Delete(1)
			return s.inbox.AcceptChanges(s.t.Context(), gerrit.Found{Server: "main", Events: []gerrit.Event{e}})
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"gfx/gone.yaml": fmt.Sprintf(`rules:
  - name: gone
    on: {gerrit: %s, server: main, project: demo}
    when: ['event.change.number == 1 && event.patchset.number == 1']
    do:
      - task: {taskQueueId: gfx/ci, projectId: gfx, deadline: {$fromNow: 2 hours}, metadata: {name: clean, description: up}, payload: {}}
`, kind)})
			s := &site{world: w, id: fmt.Sprint(w.push().Change)}
			s.poll()
			if err := happens(s); err != nil {
				t.Fatal(err)
			}
			s.settle()
			if n := len(w.tc.Tasks()); n != 1 {
				t.Errorf("%d tasks, want one\n%s", n, w.actions())
			}
			w.expectStates(map[store.ActionState]int{store.ActionDone: 1})
		})
	}
}

// TestEveryKindOfEventIsTriedHere: one that Gerrit's package or the rules learn needs a case above.
func TestEveryKindOfEventIsTriedHere(t *testing.T) {
	tried := map[string]bool{gerrit.ChangeVanished: true, gerrit.ChangeDeleted: true}
	for _, h := range happenings {
		tried[h.kind] = true
	}
	for _, e := range rules.GerritEvents() {
		if !tried[e.Name] {
			t.Errorf("%s is a source of rules and isn't tried", e.Name)
		}
	}
}

// full looks for changes that are gone.
func (w *world) full() error {
	p := gerrit.Poller{Client: w.Gerrit["main"].(*gerrit.Client), Server: "main", Cursors: w.inbox, Seen: w.inbox, Inbox: w.inbox}
	return p.Full(w.t.Context())
}
