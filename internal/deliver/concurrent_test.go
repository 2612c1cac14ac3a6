package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
)

// crowd is how many people comment at once, each of whom a rule answers with a hashtag of its own.
const crowd = 40

// hashtagRules answer each word with its hashtag: crowd rules, and as many events.
func hashtagRules(project string) map[string]string {
	var b strings.Builder
	fmt.Fprintf(&b, "defaults: {server: main, project: '%s'}\nrules:\n", project)
	for i := range crowd {
		fmt.Fprintf(&b, "  - name: tag-%02[1]d\n    on: {gerrit: comment-added}\n    when: ['event.message.text.contains(\"word-%02[1]d\")']\n    do: [{hashtags: [ci-%02[1]d]}]\n", i)
	}
	return map[string]string{"ops/tags.yaml": b.String()}
}

// hashtagsAtOnce has everybody comment on a change while two replicas, of four workers each, poll, decide and deliver.
// It gives the change's hashtags when all is done.
func (w *world) hashtagsAtOnce(client func() *gerrit.Client, id string) []string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	w.pollOnly() // what was there before the first poll is not answered
	var running sync.WaitGroup
	for _, holder := range []string{"one", "two"} {
		d := w.deliverer(holder)
		d.Gerrit, d.Tasks, d.People, d.Workers = w.Gerrit, w.Tasks, w.People, 4
		running.Go(func() { w.ended(d.Run(ctx)) })
	}
	running.Go(func() { w.ended(w.decide.Run(ctx)) })
	var people sync.WaitGroup
	for i := range crowd {
		people.Go(func() {
			if err := client().SetReview(ctx, id, "current", gerrit.ReviewInput{Message: fmt.Sprintf("word-%02d", i)}); err != nil {
				w.t.Errorf("comment: %v", err)
			}
		})
	}
	for w.states()[store.ActionDone] < crowd && ctx.Err() == nil {
		w.pollOnly()
	}
	people.Wait()
	cancel()
	running.Wait()
	w.expectStates(map[store.ActionState]int{store.ActionDone: crowd})
	change, err := client().GetChange(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.Sorted(slices.Values(change.Hashtags))
}

// ended is how a stage has to end: because it was told to.
func (w *world) ended(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		w.t.Error(err)
	}
}

func (w *world) expectCrowd(got []string) {
	w.t.Helper()
	var want []string
	for i := range crowd {
		want = append(want, fmt.Sprintf("ci-%02d", i))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%d hashtags %q, want %d: %q", len(got), got, crowd, want)
	}
}

func TestConcurrentHashtagsByRulesAreAllKept(t *testing.T) {
	w := newOpsWorld(t, gerrittest.Config{LoseHashtags: true}, hashtagRules("demo"))
	ps := w.push()
	alice := w.as("alice")
	w.expectCrowd(w.hashtagsAtOnce(func() *gerrit.Client { return alice }, fmt.Sprint(ps.Change)))
}

// TestAHashtagThatAnotherWriterSweptAwayIsSetAgain: somebody else's call read the hashtags before ours wrote them.
func TestAHashtagThatAnotherWriterSweptAwayIsSetAgain(t *testing.T) {
	w := newOpsWorld(t, gerrittest.Config{LoseHashtags: true}, opsRule("hashtags: [ci-seen]"))
	ps := w.push()
	w.pollOnly()
	w.decideAll()
	var other sync.WaitGroup
	for i := range 3 {
		other.Go(func() {
			if _, err := w.as("alice").AddHashtags(t.Context(), fmt.Sprint(ps.Change), fmt.Sprintf("mine-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	w.settle()
	other.Wait()
	if got := w.gerrit.Change(ps.Change).Hashtags; !slices.Contains(got, "ci-seen") {
		t.Errorf("hashtags %q, want ci-seen among them\n%s", got, w.actions())
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 1})
}
