package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/internal/app/admin"
	"verdict/internal/app/rulefiles"
	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
)

// bot is a process, put together.
type bot struct {
	cfg     *config.Config
	log     zerolog.Logger
	version string
	started time.Time
	replica string
	reload  <-chan struct{}

	store     *store.Store
	socket    net.Listener
	rules     *ruleset.Loader
	problems  *problems.Teller
	loads     loads
	fetcher   *fetcher // nil where rules are a folder's
	watcher   *rulefiles.Watcher
	inbox     *ingest.Inbox
	consumer  *pulse.Consumer // nil without pulse
	polls     *polls
	hooks     net.Listener // nil without webhooks
	replicas  *replicas
	decider   *decide.Decider
	deliverer *deliver.Deliverer
}

// assemble puts a process together, and fails where it could never work. A server that is away is no reason to
// fail: it comes back.
func assemble(ctx context.Context, o Options) (b *bot, err error) {
	cfg := o.Config
	b = &bot{cfg: cfg, log: o.Log, version: o.Version, started: time.Now(), replica: replicaID(), reload: o.Reload}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	for _, w := range cfg.Warnings {
		b.log.Warn().Msg(w)
	}
	if err := cfg.CheckSecrets(); err != nil {
		return b, err
	}
	trusted, err := cfg.TLS.Client()
	if err != nil {
		return b, err
	}
	// The socket comes first: one bot that runs already is told more clearly by it than by the store's lock.
	if b.socket, err = admin.Listen(ctx, cfg.Admin.Socket); err != nil {
		return b, err
	}
	b.store, err = store.Open(ctx, store.Options{
		URL: cfg.Store.URL, Password: cfg.StorePassword(), Migrate: cfg.Store.Migrate, Log: b.log,
	})
	if err != nil {
		return b, err
	}
	clients := b.gerritClients(trusted)
	queue, err := b.queue(trusted)
	if err != nil {
		return b, err
	}
	services, err := b.services(trusted)
	if err != nil {
		return b, err
	}
	parts := &Parts{
		Intake: b.store, Decisions: b.store, Deliveries: b.store, Rules: b.store, Problems: b.store, Queue: queue, Services: services,
		Gerrit: map[string]Gerrit{},
	}
	for name, c := range clients {
		parts.Gerrit[name] = c
	}
	if o.Wrap != nil {
		o.Wrap(parts)
	}
	b.problems = &problems.Teller{Store: parts.Problems, Contact: func(team string) string { return b.rules.Contact(team) }, Log: b.log}
	b.rules = &ruleset.Loader{
		Dir: cfg.Rules.Dir, Teams: cfg.Rules.Teams, Replica: b.replica, ExchangePrefix: cfg.Pulse.ExchangePrefix, Begin: cfg.Begin.At,
		SchedulerID: cfg.Taskcluster.SchedulerID, Expand: b.roles(trusted),
		Servers: slices.Sorted(maps.Keys(cfg.Gerrit)), KeepOpinions: cfg.Mode == config.ModeShadow, Problems: b.problems, Store: parts.Rules, Log: b.log,
	}
	if cfg.Rules.Git.URL != "" {
		b.rules.Shared = true
		b.fetcher = newFetcher(parts, trusted, b)
	}
	if err := b.firstRules(ctx); err != nil {
		return b, err
	}
	b.wire(parts)
	if b.polls, err = newPolls(ctx, pollsOf{cfg: cfg, clients: clients, inbox: b.inbox, cursors: b.store, set: b.set, log: b.log}); err != nil {
		return b, err
	}
	if err := b.listenForHooks(ctx); err != nil {
		return b, err
	}
	b.replicas = &replicas{id: b.replica, queue: b.queueName(), prefix: cfg.Pulse.ExchangePrefix, store: b.store, set: b.set, name: func() string { return b.rules.Active().Name() }, log: b.log, changed: make(chan struct{}, 1)}
	return b, b.connectPulse(ctx, trusted)
}

func (b *bot) set() *rules.Set { return b.rules.Active().Set }

// wire connects the stages.
func (b *bot) wire(p *Parts) {
	cfg := b.cfg
	b.inbox = &ingest.Inbox{Store: p.Intake, Rules: b.set, ExchangePrefix: cfg.Pulse.ExchangePrefix}
	source := &facts.Source{
		Gerrit: map[string]facts.Gerrit{}, URLs: map[string]string{},
		Queue: facts.GuardQueue(p.Queue), RootURL: cfg.Taskcluster.RootURL, DashboardURL: cfg.DashboardURL,
	}
	for name, g := range cfg.Gerrit {
		source.Gerrit[name], source.URLs[name] = facts.Guard("gerrit "+name, p.Gerrit[name]), g.URL
	}
	maxAge := cfg.Guards.MaxAge
	if maxAge == 0 {
		maxAge = math.MaxInt64
	}
	b.decider = &decide.Decider{
		Store: p.Decisions, Facts: source, ExchangePrefix: cfg.Pulse.ExchangePrefix, SchedulerID: cfg.Taskcluster.SchedulerID,
		Tell: b.problems.Tell, Over: b.problems.Over, Ease: b.inbox.Backlogged, Shadow: cfg.Mode == config.ModeShadow, MaxAge: maxAge, Holder: b.replica, Log: b.log,
		Quiet: cfg.Settle.Quiet, Stuck: cfg.Settle.Stuck, Lease: p.Pace.EventLease, Window: cmp.Or(p.Pace.Window, deliver.DefaultWindow),
		Active: func() decide.Active {
			a := b.rules.Active()
			return decide.Active{Set: a.Set, Begins: a.Begins, Commit: a.Published.Commit}
		},
		Ahead: b.rules.Ahead,
	}
	b.deliverer = &deliver.Deliverer{
		Store: p.Deliveries, Gerrit: delivering(p.Gerrit), Tasks: p.Queue, Services: p.Services,
		People: source, Rules: b.set, Newest: b.rules.Newest, Marker: deliver.Marker{Instance: cfg.Instance, DashboardURL: cfg.DashboardURL},
		Guards: deliver.Guards{ChangesPerHour: cfg.Guards.ChangesPerRulePerHour, PostsPerDay: cfg.Guards.MessagesPerChangePerDay}, Tell: b.problems.Tell,
		Ease: b.inbox.Backlogged, Hold: cfg.Mode == config.ModeHold, Holder: b.replica, Log: b.log,
		Lease: p.Pace.LaneLease, Timeout: p.Pace.Request, Window: p.Pace.Window,
	}
}

func (b *bot) gerritClients(trusted *tls.Config) map[string]*gerrit.Client {
	clients := make(map[string]*gerrit.Client, len(b.cfg.Gerrit))
	for name, g := range b.cfg.Gerrit {
		clients[name] = GerritClient(g, trusted)
	}
	return clients
}

// queueName is empty without pulse.
func (b *bot) queueName() string {
	if b.cfg.Pulse.URL == "" {
		return ""
	}
	return "queue/" + b.cfg.Pulse.User + "/" + b.cfg.Instance
}

func (b *bot) connectPulse(ctx context.Context, trusted *tls.Config) error {
	p := b.cfg.Pulse
	if p.URL == "" {
		return b.replicas.beat(ctx)
	}
	former, err := b.replicas.former(ctx)
	if err != nil {
		return err
	}
	b.consumer, err = pulse.New(pulse.Config{
		URL: p.URL, Vhost: p.Vhost, User: p.User, Password: p.Password.Read, Queue: b.queueName(), TLS: trusted,
		Replicas: b.replicas.live, Former: former, Handle: b.inbox.AcceptMessages, Notice: b.notice,
	})
	if err != nil {
		return fmt.Errorf("pulse: %w", err)
	}
	b.replicas.bind = b.consumer.SetBindings
	return b.replicas.beat(ctx)
}

// replicaID names this process among all that ever ran.
func replicaID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strings.ToLower(rand.Text()[:6]))
}

func (b *bot) close() {
	var errs []error
	if b.socket != nil && b.socket.Close() == nil { // otherwise it was served, and is gone
		os.Remove(b.cfg.Admin.Socket)
	}
	if b.hooks != nil {
		b.hooks.Close() // it may be closed already
	}
	if b.store != nil {
		errs = append(errs, b.store.Close())
	}
	if err := errors.Join(errs...); err != nil {
		b.log.Warn().Err(err).Msg("not everything could be closed")
	}
}
