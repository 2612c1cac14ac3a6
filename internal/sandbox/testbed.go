package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/app/trial"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// Where people of a test find things: what is in links.
const (
	reviewURL = "https://review.example.org"
	tasksURL  = "https://tc.example.org"
)

// Testbed makes a small world for each test of rules: the stages of the bot on a store of its own, between a Gerrit and a
// Taskcluster of this process. Nothing in it waits for a clock. Messages come straight from Taskcluster, and Gerrit is
// asked after each step, so a test takes as long as the calls it makes.
type Testbed struct {
	dir string
	// fresh is a store that nothing was written to: copying it is quicker than making its schema.
	fresh []byte
	made  int
}

var _ ruletest.Engine = (*Testbed)(nil)

// NewTestbed makes a testbed. Close deletes what it keeps.
func NewTestbed(ctx context.Context) (*Testbed, error) {
	dir, err := os.MkdirTemp("", "verdict-test-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for tests: %w", err)
	}
	b := &Testbed{dir: dir}
	if b.fresh, err = b.freshStore(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close deletes what the testbed keeps.
func (b *Testbed) Close() error { return os.RemoveAll(b.dir) }

func (b *Testbed) freshStore(ctx context.Context) ([]byte, error) {
	name := filepath.Join(b.dir, "fresh.db")
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + name, Volatile: true, Log: zerolog.Nop()})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the fresh store: %w", err)
	}
	return data, nil
}

// bench is the world of one test.
type bench struct {
	given ruletest.Given
	team  *rules.Team
	// set is what the test is about; active is what the bot goes by, which has no rules while the given is made.
	set, active *rules.Set

	dir       string
	gerrit    *gerrittest.Server
	tasks     *taskclustertest.Server
	store     *store.Store
	inbox     *ingest.Inbox
	poller    *gerrit.Poller
	decider   *decide.Decider
	explainer *decide.Decider // of the rules that the index passes over
	deliverer *deliver.Deliverer

	mu    sync.Mutex      // guards heard: Taskcluster tells while the bot calls it
	heard []pulse.Message // and not taken in yet

	links  *givenLinks
	finder *finder
	ticked map[string]time.Time // the last time of each tick, by its name
	queue  *openGroups
	known  map[string]bool // the events that were told of
	begun  bool
	// change and its current patchset; 0 before the first push.
	change, patchset int
	polled           string // the change's state when Gerrit was asked last
	accounts         map[string]string
}

// Open makes a world. Its change is pushed with the first step, so that a first patchset can be one.
func (b *Testbed) Open(ctx context.Context, set *rules.Set, given ruletest.Given) (ruletest.World, error) {
	none, _ := rules.Load(rules.Sources{})
	w := &bench{given: completed(given, set), set: set, active: none, known: map[string]bool{}, ticked: map[string]time.Time{}, accounts: map[string]string{}}
	for _, name := range set.TeamNames() {
		w.team, _ = set.Team(name)
	}
	b.made++
	w.dir = filepath.Join(b.dir, strconv.Itoa(b.made))
	if err := w.open(ctx, b.fresh); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *bench) open(ctx context.Context, fresh []byte) (err error) {
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for a test: %w", err)
	}
	name := filepath.Join(w.dir, "verdict.db")
	if err := os.WriteFile(name, fresh, 0o600); err != nil {
		return fmt.Errorf("copy the fresh store: %w", err)
	}
	if w.store, err = store.Open(ctx, store.Options{URL: "sqlite:" + name, Volatile: true, Migrate: "off", Log: zerolog.Nop()}); err != nil {
		return err
	}
	if w.gerrit, err = gerrittest.Start(gerrittest.Config{FirstChange: w.given.Change.Number, Labels: labelsOf(w.set)}); err != nil {
		return err
	}
	if w.tasks, err = taskclustertest.NewServer(taskclustertest.Config{Publish: w.hear}); err != nil {
		return err
	}
	w.gerrit.AddProject(w.given.Change.Project, w.given.Change.Branch)
	botToken, taskToken := rand.Text(), rand.Text()
	w.gerrit.AddAccount(gerrittest.Account{Username: botUser, Name: "Verdict", Password: botToken, Groups: []string{gerrittest.ServiceUsers, gerrittest.Administrators}})
	w.tasks.AddClient(botClient, taskToken, "*")
	client := gerrit.NewClient(w.gerrit.URL(), gerrit.BasicAuth(botUser, botToken))
	queue, err := taskcluster.NewQueue(w.tasks.URL, &taskcluster.Credentials{ClientID: botClient, AccessToken: taskToken}, taskcluster.Options{})
	if err != nil {
		return err
	}
	services, err := taskcluster.NewServices(w.tasks.URL, &taskcluster.Credentials{ClientID: botClient, AccessToken: taskToken}, taskcluster.Options{Attempts: 1})
	if err != nil {
		return err
	}
	w.stages(client, queue, services)
	return nil
}

// stages puts the bot together, as internal/app does, but for what takes time.
func (w *bench) stages(client *gerrit.Client, queue *taskcluster.Queue, services *taskcluster.Services) {
	server := w.given.Change.Server
	w.links = &givenLinks{Store: w.store, made: map[[2]string]store.Link{}}
	w.queue = &openGroups{Queue: queue, settled: map[string]bool{}}
	active := func() *rules.Set { return w.active }
	w.finder = &finder{Gerrit: client, change: func(ctx context.Context) (*gerrit.ChangeInfo, error) {
		return client.GetChange(ctx, fmt.Sprint(w.change), gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION"}})
	}}
	source := &facts.Source{
		Gerrit: map[string]facts.Gerrit{server: w.finder}, URLs: map[string]string{server: reviewURL}, Queue: w.queue, RootURL: tasksURL,
	}
	w.inbox = &ingest.Inbox{Store: w.store, Rules: active, ExchangePrefix: rules.DefaultExchangePrefix}
	w.poller = &gerrit.Poller{Client: client, Server: server, Overlap: time.Minute, Cursors: w.inbox, Seen: w.inbox, Inbox: w.inbox}
	w.decider = newDecider(w.links, source, active)
	w.explainer = newDecider(w.links, source, active)
	w.explainer.Match = looking
	w.deliverer = &deliver.Deliverer{
		Store: w.store, Gerrit: map[string]deliver.Gerrit{server: client}, Tasks: queue, Services: onlyQueue{services}, People: source, Rules: active,
		Marker: deliver.Marker{Instance: "test"}, Holder: "test", Log: zerolog.Nop(), Window: time.Nanosecond, MaxWindow: time.Nanosecond,
	}
}

func looking(set *rules.Set, o rules.Occurrence) []rules.Candidate {
	return set.Looking(o, rules.DefaultExchangePrefix)
}

// waits is longer than any test: a group is stuck where a step says so.
const waits = 24 * time.Hour

// newDecider decides whatever the age of an event.
func newDecider(s decide.Store, source *facts.Source, active func() *rules.Set) *decide.Decider {
	return &decide.Decider{
		Store: s, Facts: source, ExchangePrefix: rules.DefaultExchangePrefix, SchedulerID: "verdict", Holder: "test",
		Log: zerolog.New(io.Discard), MaxAge: math.MaxInt64, Stuck: waits,
		Active: func() decide.Active { return decide.Active{Set: active(), Begins: trial.Begins(active())} },
	}
}

// Close ends the servers and deletes the store.
func (w *bench) Close() error {
	var errs []error
	if w.gerrit != nil {
		w.gerrit.Close()
	}
	if w.tasks != nil {
		w.tasks.Close()
	}
	if w.store != nil {
		errs = append(errs, w.store.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}
