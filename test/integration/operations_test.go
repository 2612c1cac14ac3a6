package integration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"verdict/gerrit"
	"verdict/internal/testservers"
)

// board is a project of a real Gerrit on which writers work at random.
type board struct {
	project                string
	admin, bot, alice, bob *gerrit.Client
	// beforeDelete waits, of half of the changes that are deleted, until all that
	// is recorded of them was seen.
	beforeDelete func(ctx context.Context, c *gerrit.ChangeInfo) error
	// each is told how many operations there were.
	each func(n int)

	n       atomic.Int64
	mu      sync.Mutex
	changes []*onBoard
	done    map[string]int // by kind
	refused map[string]int
}

// onBoard is a change. Whoever writes to it shares the lock; a new patchset, or
// its end, is one writer's.
type onBoard struct {
	sync.RWMutex
	id, changeID string
	number       int
	private      bool
	// last is what it was when it was deleted; awaited says that all of that had
	// been seen by then.
	last    *gerrit.ChangeInfo
	awaited bool
}

func newBoard(t *testing.T) *board {
	t.Helper()
	url := testservers.Gerrit(t)
	as := func(name string) *gerrit.Client {
		return gerrit.NewClient(url, gerrit.BasicAuth(name, testservers.Accounts[name]))
	}
	b := &board{
		project: newReview(t).project, admin: as("admin"), bot: as("ci-bot"), alice: as("alice"), bob: as("bob"),
		done: map[string]int{}, refused: map[string]int{}, each: func(int) {},
	}
	return b
}

var recorded = gerrit.QueryChangesOpt{Fields: []string{"ALL_REVISIONS", "MESSAGES", "DETAILED_LABELS", "DETAILED_ACCOUNTS"}}

// operation is something that a writer does to a change. Those that are alone
// hold it for themselves.
type operation struct {
	kind   string
	weight int
	alone  bool
	do     func(b *board, ctx context.Context, r *rand.Rand, c *onBoard) error
}

var operations = []operation{
	{"vote", 16, false, (*board).vote},
	{"vote without a message", 6, false, (*board).quietVote},
	{"message", 14, false, (*board).message},
	{"hashtags", 16, false, (*board).hashtags},
	{"topic", 8, false, (*board).topic},
	{"work in progress", 8, false, (*board).wip},
	{"reviewers", 6, false, (*board).reviewers},
	{"abandon or restore", 7, false, (*board).abandon},
	{"patchset", 9, true, (*board).patchset},
	{"private", 5, true, (*board).hide},
	{"submit", 2, true, (*board).submit},
	{"delete", 2, true, (*board).delete},
	{"create", 2, false, (*board).create},
}

// write does operations until so many had their effect. Those that were refused
// don't count.
func (b *board) write(ctx context.Context, r *rand.Rand, most int) error {
	sum := 0
	for _, o := range operations {
		sum += o.weight
	}
	for int(b.n.Load()) < most {
		at := r.IntN(sum)
		i := slices.IndexFunc(operations, func(o operation) bool { at -= o.weight; return at < 0 })
		done, err := b.one(ctx, r, operations[i])
		if err != nil {
			return fmt.Errorf("%s, after %d operations: %w", operations[i].kind, b.n.Load(), err)
		}
		if done {
			b.each(int(b.n.Add(1)))
		}
	}
	return nil
}

func (b *board) one(ctx context.Context, r *rand.Rand, o operation) (done bool, err error) {
	c := b.pick(r)
	if o.alone {
		c.Lock()
		defer c.Unlock()
	} else {
		c.RLock()
		defer c.RUnlock()
	}
	if c.last != nil {
		return false, nil // deleted
	}
	err = o.do(b, ctx, r, c)
	answer, answered := errors.AsType[*gerrit.HTTPError](err)
	if err != nil && (!answered || answer.Res.StatusCode >= 500) {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.refused[o.kind]++ // by a change that is closed, or was made private
		return false, nil
	}
	b.done[o.kind]++
	return true, nil
}

func (b *board) pick(r *rand.Rand) *onBoard {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes[r.IntN(len(b.changes))]
}

// someone is one of those who may comment.
func (b *board) someone(r *rand.Rand) *gerrit.Client {
	return []*gerrit.Client{b.bot, b.alice, b.bob}[r.IntN(3)]
}

func (b *board) vote(ctx context.Context, r *rand.Rand, c *onBoard) error {
	in := gerrit.ReviewInput{Message: fmt.Sprint("A vote ", r.Int()), Labels: map[string]int{"Code-Review": r.IntN(3) - 1}}
	if who := b.someone(r); who != b.bot {
		return who.SetReview(ctx, c.id, "current", in)
	}
	in.Labels = map[string]int{"Verified": r.IntN(3) - 1}
	return b.bot.SetReview(ctx, c.id, "current", in)
}

func (b *board) quietVote(ctx context.Context, r *rand.Rand, c *onBoard) error {
	return b.bot.SetReview(ctx, c.id, "current", gerrit.ReviewInput{Labels: map[string]int{"Verified": r.IntN(3) - 1}})
}

func (b *board) message(ctx context.Context, r *rand.Rand, c *onBoard) error {
	return b.someone(r).SetReview(ctx, c.id, "current", gerrit.ReviewInput{Message: fmt.Sprint("A message ", r.Int())})
}

func (b *board) hashtags(ctx context.Context, r *rand.Rand, c *onBoard) error {
	tag := func() string { return fmt.Sprint("tag", r.IntN(6)) }
	_, err := b.alice.SetHashtags(ctx, c.id, gerrit.HashtagsInput{Add: []string{tag(), tag()}, Remove: []string{tag()}})
	return err
}

func (b *board) topic(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if r.IntN(3) == 0 {
		return b.alice.DeleteTopic(ctx, c.id)
	}
	_, err := b.alice.SetTopic(ctx, c.id, fmt.Sprint("topic", r.IntN(4)))
	return err
}

func (b *board) wip(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if r.IntN(2) == 0 {
		return b.alice.SetWorkInProgress(ctx, c.id)
	}
	return b.alice.SetReadyForReview(ctx, c.id)
}

func (b *board) reviewers(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if r.IntN(2) == 0 {
		return b.alice.DeleteReviewer(ctx, c.id, "bob")
	}
	return b.alice.AddReviewers(ctx, c.id, gerrit.ReviewerInput{Reviewer: "bob", State: []string{"REVIEWER", "CC"}[r.IntN(2)]})
}

func (b *board) abandon(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if err := b.alice.RestoreChange(ctx, c.id, fmt.Sprint("Restored ", r.Int())); !errors.Is(err, gerrit.ErrConflict) {
		return err
	}
	return b.alice.AbandonChange(ctx, c.id, fmt.Sprint("Abandoned ", r.Int()))
}

func (b *board) patchset(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if err := b.alice.ChangeFileContentInChangeEdit(ctx, c.id, c.changeID+".txt", fmt.Sprintln(r.Int())); err != nil {
		return err
	}
	return b.alice.PublishChangeEdit(ctx, c.id)
}

func (b *board) hide(ctx context.Context, _ *rand.Rand, c *onBoard) error {
	err := b.alice.SetPrivate(ctx, c.id, !c.private)
	if err == nil {
		c.private = !c.private
	}
	return err
}

func (b *board) submit(ctx context.Context, _ *rand.Rand, c *onBoard) error {
	if err := b.admin.SetReview(ctx, c.id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}, Ready: true}); err != nil {
		return err
	}
	_, err := b.admin.SubmitChange(ctx, c.id)
	if err == nil {
		c.private = false // what is merged is for all to see
	}
	return err
}

// delete ends a change that everybody sees.
func (b *board) delete(ctx context.Context, r *rand.Rand, c *onBoard) error {
	if c.private {
		if err := b.hide(ctx, r, c); err != nil {
			return err
		}
	}
	last, err := b.alice.GetChange(ctx, c.id, recorded)
	if err != nil {
		return err
	}
	awaited := r.IntN(2) == 0
	if awaited {
		if err := b.beforeDelete(ctx, last); err != nil {
			return err
		}
	}
	if err := b.admin.DeleteChange(ctx, c.id); err != nil {
		return err
	}
	c.last, c.awaited = last, awaited
	return nil
}

func (b *board) create(ctx context.Context, r *rand.Rand, _ *onBoard) error {
	made, err := b.alice.CreateChange(ctx, gerrit.ChangeInput{Project: b.project, Branch: "main", Subject: fmt.Sprint("Change ", r.Int())})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, &onBoard{id: fmt.Sprintf("%s~%d", b.project, made.ChangeNumber), number: made.ChangeNumber, changeID: made.ChangeID})
	return nil
}

// show makes everything visible, and gives what there is at the end.
func (b *board) show(t *testing.T) (there map[int]*gerrit.ChangeInfo) {
	t.Helper()
	there = map[int]*gerrit.ChangeInfo{}
	for _, c := range b.changes {
		if c.last != nil {
			continue
		}
		if c.private {
			if err := b.hide(t.Context(), nil, c); err != nil {
				t.Fatal(err)
			}
		}
		info, err := b.alice.GetChange(t.Context(), c.id, recorded)
		if err != nil {
			t.Fatal(err)
		}
		there[c.number] = info
	}
	return there
}

// report tells what was done, and fails where a kind was hardly done at all.
func (b *board) report(t *testing.T) {
	t.Helper()
	var lines []string
	for _, kind := range slices.Sorted(maps.Keys(b.done)) {
		lines = append(lines, fmt.Sprintf("%s %d (%d refused)", kind, b.done[kind], b.refused[kind]))
	}
	t.Logf("%d changes: %s", len(b.changes), strings.Join(lines, ", "))
	for _, o := range operations {
		if b.done[o.kind] == 0 {
			t.Errorf("no %s was done, %d were refused", o.kind, b.refused[o.kind])
		}
	}
}
