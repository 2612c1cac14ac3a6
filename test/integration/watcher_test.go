package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/internal/testservers"
	"verdict/rules"
)

// watcher is a poller as the bot has it, on a store of its own, and, where it
// has one, a stream. It notes what was stored, in its order.
type watcher struct {
	poller  *gerrit.Poller
	lookout *gerrit.Lookout
	stream  *gerrit.Stream
	asked   chan struct{}

	polling sync.Mutex
	inbox   *ingest.Inbox

	mu      sync.Mutex
	events  []stored
	changed chan struct{} // closed, and made anew, when some were
}

// stored is an event and when it was stored.
type stored struct {
	gerrit.Event
	at time.Time
}

func newWatcher(t *testing.T, url, project string) *watcher {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "verdict.db"), Migrate: "auto", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	set, _ := rules.Load(rules.Sources{})
	w := &watcher{inbox: &ingest.Inbox{Store: s, Rules: func() *rules.Set { return set }}, asked: make(chan struct{}, 1), changed: make(chan struct{})}
	scope := gerrit.NewScope([]string{project}, nil)
	w.poller = &gerrit.Poller{
		Client: gerrit.NewClient(url, gerrit.BasicAuth("ci-bot", testservers.Accounts["ci-bot"])), Server: "main",
		Scope: func() gerrit.Scope { return scope }, Cursors: w.inbox, Seen: w.inbox, Inbox: w,
	}
	return w
}

// AcceptChanges implements gerrit.Inbox.
func (w *watcher) AcceptChanges(ctx context.Context, found gerrit.Found) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.inbox.AcceptChanges(ctx, found); err != nil {
		return err
	}
	for _, e := range found.Events {
		w.events = append(w.events, stored{e, time.Now()})
	}
	close(w.changed)
	w.changed = make(chan struct{})
	return nil
}

// listen has the watcher listen to a stream, by an address.
func (w *watcher) listen(t *testing.T, addr string, as testservers.SSH) {
	t.Helper()
	hosts, err := os.ReadFile(as.KnownHostsFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(hosts), "]:"+port(as.Addr), "]:"+port(addr))), 0o600); err != nil {
		t.Fatal(err)
	}
	w.lookout = &gerrit.Lookout{Look: w.poller.Look, Failed: func(h gerrit.Hint, err error) { t.Logf("%+v was left to the poll: %v", h, err) }}
	w.stream = &gerrit.Stream{
		Addr: addr, User: "ci-bot", KnownHostsFile: file, Hint: w.lookout.Hint,
		Key: func() (string, error) { text, err := os.ReadFile(as.KeyFiles["ci-bot"]); return string(text), err },
		Poll: func() {
			select {
			case w.asked <- struct{}{}:
			default:
			}
		},
	}
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// run polls now and then, and listens, until the test ends or stop is called.
func (w *watcher) run(t *testing.T, every time.Duration) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			case <-w.asked:
			}
			if err := w.poll(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("poll: %v", err)
			}
		}
	})
	if w.stream != nil {
		running.Go(func() { _ = w.lookout.Run(ctx) })
		running.Go(func() { _ = w.stream.Run(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

func (w *watcher) poll(ctx context.Context) error {
	w.polling.Lock()
	defer w.polling.Unlock()
	return w.poller.Poll(ctx)
}

// found gives what was stored so far.
func (w *watcher) found() []stored {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[:len(w.events):len(w.events)]
}

// until waits for a state of what is stored.
func (w *watcher) until(ctx context.Context, what string, holds func([]stored) bool) error {
	limit := time.After(time.Minute)
	for {
		w.mu.Lock()
		found, changed := w.events[:len(w.events):len(w.events)], w.changed
		w.mu.Unlock()
		if holds(found) {
			return nil
		}
		select {
		case <-changed:
		case <-limit:
			return fmt.Errorf("waited in vain for %s", what)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
