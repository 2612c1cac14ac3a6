package deliver_test

import (
	"context"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
	"verdict/internal/deliver"
	"verdict/internal/store"
)

// meanwhile is a store in which something happens between the reading of a lane's actions and of its opinions.
type meanwhile struct {
	deliver.Store
	happens func()
}

func (m *meanwhile) Opinions(ctx context.Context, server string, change int) ([]store.Opinion, error) {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Store.Opinions(ctx, server, change)
}

func (w *world) decideAll() {
	w.t.Helper()
	if err := w.inbox.AcceptMessages(w.t.Context(), w.messages()); err != nil {
		w.t.Fatal(err)
	}
	for n := 1; n > 0; {
		var err error
		if n, err = w.decide.Next(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestAVoteDecidedMeanwhileGoesWithItsMessage(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("one", ps.Change, 1), "failed", "failed")
	w.decideAll()
	w.Store = &meanwhile{Store: w.store, happens: func() {
		w.run(w.task("two", ps.Change, 1), "failed", "failed")
		w.decideAll()
	}}
	w.settle()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "one failed: failed\n\ntwo failed: failed")
}

func TestAVoteThatGerritKeptStaysThoughThePatchsetIsNews(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.poll()
	w.run(w.task("one", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Subject: "Said otherwise", Kind: "NO_CODE_CHANGE"})
	w.run(w.task("two", ps.Change, 1), "completed", "completed") // has the change looked at before the poll
	w.bring(w.messages()...)
	w.poll()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "one failed: failed")
	for _, m := range w.gerrit.Change(ps.Change).Messages {
		if m.Author == "bot" && strings.Contains(m.Text, "-Verified") {
			t.Errorf("the vote was taken back in between: %q", m.Text)
		}
	}
}
