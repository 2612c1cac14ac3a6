// Package deliver carries out what was decided.
//
// Actions on one change run in order, in one lane: a replica claims it with a lease, brings Gerrit and
// Taskcluster from what they show to what ought to stand, writes each outcome, and releases it. Calls are made
// at least once, and made harmless: a vote is computed from opinions and posted only where Gerrit differs, a
// message is looked for by its marker before it is posted, a task's id is made of what caused it. It writes the
// tables actions, lanes, posted and own_tags through internal/store. What ought to be done is internal/decide's;
// internal/app runs it.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/internal/crew"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// Store is what delivery needs of internal/store.
type Store interface {
	ClaimLane(ctx context.Context, holder string, lease time.Duration, except ...string) (*store.Lane, error)
	RenewLane(ctx context.Context, lane *store.Lane, lease time.Duration) error
	LaneActions(ctx context.Context, lane store.Lane) ([]store.Action, error)
	AddActions(ctx context.Context, actions []store.Action) error
	StartActions(ctx context.Context, lane store.Lane, starts []store.Start) error
	FinishActions(ctx context.Context, lane store.Lane, outcomes []store.Outcome, effects store.Effects) error
	ReleaseLane(ctx context.Context, lane store.Lane, next time.Duration) error
	Opinions(ctx context.Context, server string, change int) ([]store.Opinion, error)
	AwaitedOn(ctx context.Context, server string, change int) ([]store.Awaited, error)
	Reported(ctx context.Context, server string, change int) ([]store.Reported, error)
	PostedVotes(ctx context.Context, server string, change int) ([]store.Posted, error)
	OwnTags(ctx context.Context, server string, change int) ([]string, error)
	Holds(ctx context.Context) ([]store.Hold, error)
	TeamTurn(ctx context.Context, team string, perMinute int) (time.Duration, error)
	OkToTests(ctx context.Context, server string, change int, revision string) ([]store.OkToTest, error)
	Wake() <-chan struct{}
}

// Gerrit is what delivery needs of one server.
type Gerrit interface {
	GetChangeDetail(ctx context.Context, changeID string, opts ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error)
	Review(ctx context.Context, changeID, revision string, review gerrit.ReviewInput) (*gerrit.ReviewResult, error)
	SetHashtags(ctx context.Context, changeID string, hashtags gerrit.HashtagsInput) ([]string, error)
	SetTopic(ctx context.Context, changeID, topic string) (string, error)
	AbandonChange(ctx context.Context, changeID string, message ...string) error
	RestoreChange(ctx context.Context, changeID string, message ...string) error
	SubmitRevision(ctx context.Context, changeID, revision string) (gerrit.ChangeInfo, error)
	GetAccountInfo(ctx context.Context, accountID string) (gerrit.AccountInfo, error)
}

// Identities says who uploaded and who wrote a patchset, for the trust rows of teams.yaml.
type Identities interface {
	Identities(ctx context.Context, server string, change int, revision string) (*rules.Identities, error)
	// Account completes an account with the groups that it is in now.
	Account(ctx context.Context, server string, a *gerrit.EventAccount) (rules.Account, error)
}

// Deliverer works through lanes. Its fields are set once, before Run.
type Deliverer struct {
	Store  Store
	Gerrit map[string]Gerrit
	Tasks  Tasks
	// Services are called for hooks and calls; nil: there is no Taskcluster.
	Services Services
	People   Identities
	// Rules gives the rule set in force: grants and modes are looked at again at delivery.
	Rules func() *rules.Set
	// Newest tells whether a set that Rules gave is the newest in force among all replicas: only then it is believed
	// that a rule or a grant is gone. Nil: it always is.
	Newest func(ctx context.Context, set *rules.Set) (bool, error)
	Marker Marker
	// Guards are the limits of what rules may do.
	Guards Guards
	// Tell tells people what they have to mend; nil: nobody is told.
	Tell func(ctx context.Context, p problems.Problem)
	// Hold stops every delivery of this process: mode hold.
	Hold   bool
	Holder string
	Log    zerolog.Logger

	// Workers is how many lanes of one server are worked on at once; 8 when zero. There are as many for each Gerrit, and
	// for Taskcluster, so that one that hangs leaves the workers of the others alone.
	Workers int
	// Lease is how long a lane is claimed for, Timeout how long one request may take; 60 s and 20 s when zero.
	Lease, Timeout time.Duration
	// Window is how long a message without a vote waits for neighbours: DefaultWindow when zero, doubling with each of
	// our messages on the patchset up to MaxWindow, 60 s when zero.
	Window, MaxWindow time.Duration
	// Ease says that intake needs the machine: then one worker works alone. Nil: never.
	Ease func() bool
	// Delivered is told of each action that left the open states; nil: nobody is.
	Delivered func(a store.Action, o store.Outcome)

	accounts accounts
	claiming sync.Mutex
	trouble  trouble
}

func (d *Deliverer) withDefaults() {
	for value, fallback := range map[*time.Duration]time.Duration{
		&d.Lease: 60 * time.Second, &d.Timeout: 20 * time.Second, &d.Window: DefaultWindow, &d.MaxWindow: 60 * time.Second,
	} {
		if *value == 0 {
			*value = fallback
		}
	}
	if d.Workers == 0 {
		d.Workers = 8
	}
}

// DefaultWindow is how long the first message on a patchset waits for neighbours.
const DefaultWindow = 2 * time.Second

// idle is how often a worker looks for lanes when nothing wakes it: the safety net.
const idle = time.Second

// Run delivers until ctx ends, then finishes the requests in hand and returns.
func (d *Deliverer) Run(ctx context.Context) error {
	d.withDefaults()
	return crew.Crew{
		Workers: d.Workers * (len(d.Gerrit) + 1), Wake: d.Store.Wake, Idle: idle, Ease: d.Ease, Work: d.Next,
		Failed: func(err error) { d.Log.Error().Err(err).Msg("a lane could not be worked on") },
	}.Run(ctx)
}

// Next claims one lane that is due, works on it and releases it. It tells whether there was one.
func (d *Deliverer) Next(ctx context.Context) (bool, error) {
	d.withDefaults()
	claimed, err := d.claim(ctx)
	if err != nil || claimed == nil {
		return false, err
	}
	defer d.trouble.leave(claimed.ID)
	// What is begun is ended: a stop lets the requests in hand finish, within the lease.
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Lease)
	defer cancel()
	run := &laneRun{d: d, lane: claimed, claimed: time.Now(), stopping: ctx}
	next, err := run.work(work)
	if errors.Is(err, store.ErrLeaseLost) {
		d.Log.Warn().Str("lane", claimed.ID).Msg("the lane was taken over by another replica")
		return true, nil
	}
	if err != nil {
		next = max(d.trouble.note(claimed.ID), gerrit.RetryAfter(err))
		d.Log.Warn().Err(err).Str("lane", claimed.ID).Dur("next", next).Msg("the lane is held back")
	} else {
		d.trouble.clear(claimed.ID)
	}
	if err := d.Store.ReleaseLane(work, *run.lane, next); err != nil && !errors.Is(err, store.ErrLeaseLost) {
		return true, fmt.Errorf("release lane %s: %w", claimed.ID, err)
	}
	return true, nil
}

// claim takes a lane that is due, of a server that has a worker to spare. Claims are made one after the other: two at
// once could both take a server's last worker.
func (d *Deliverer) claim(ctx context.Context) (*store.Lane, error) {
	d.claiming.Lock()
	defer d.claiming.Unlock()
	lane, err := d.Store.ClaimLane(ctx, d.Holder, d.Lease, d.trouble.avoid(d.Workers)...)
	if err != nil || lane == nil {
		return nil, err
	}
	d.trouble.enter(lane.ID)
	return lane, nil
}

// backoff is 1 s, doubling to a minute, with a quarter of jitter, so that a server that comes back isn't met by
// all lanes at once.
func backoff(failures int) time.Duration {
	wait := min(time.Second<<min(failures-1, 6), time.Minute)
	return wait + time.Duration(rand.Int64N(int64(wait/4)+1))
}
