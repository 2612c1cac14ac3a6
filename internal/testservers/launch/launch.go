// Package launch installs, prepares, starts and stops the real servers that
// tests ask for: each on free ports of the loopback interface, with a data
// folder of its own that goes when it stops. What is costly to get (jars, a
// Python environment, a Gerrit site with accounts and projects) is kept in
// the user's cache folder; nothing else outlives a run.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"verdict/internal/testservers"
)

// servers are all that can be started, by name.
var servers = map[string]func(context.Context, *Servers) error{
	"rabbitmq": startRabbitMQ,
	"postgres": startPostgres,
	"gerrit":   startGerrit,
	"python":   startPython,
}

// RequireAll is the setting under which a test fails whose server isn't there.
const RequireAll = testservers.Require + "=1"

// Names lists what can be started.
func Names() []string { return slices.Sorted(maps.Keys(servers)) }

// Servers are running servers.
type Servers struct {
	dir    string       // data of this run, removed by Stop
	unlock func() error // says that this run has ended
	log    io.Writer

	mu      sync.Mutex
	env     map[string]string
	running []*process
}

// Start starts the named servers at the same time and returns when all of
// them answer. If one doesn't, those that do are still there, the error says
// which is missing and why, and Stop is owed in any case.
func Start(ctx context.Context, names []string, log io.Writer) (*Servers, error) {
	s := &Servers{log: log, env: map[string]string{}}
	var err error
	if s.dir, s.unlock, err = newRun(); err != nil {
		return s, err
	}

	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		begin, ok := servers[name]
		if !ok {
			errs[i] = fmt.Errorf("no server %q; there are %v", name, Names())
			continue
		}
		wg.Go(func() {
			since := time.Now()
			if err := begin(ctx, s); err != nil {
				errs[i] = fmt.Errorf("%s: %w", name, err)
				return
			}
			fmt.Fprintf(log, "%s is up, %.1f s\n", name, time.Since(since).Seconds())
		})
	}
	wg.Wait()
	return s, errors.Join(errs...)
}

// runs is the pattern of the folders that hold the data of one run.
const runs = "verdict-test-run-"

// newRun makes a folder for the data of one run in which another user,
// PostgreSQL's, reaches what is its own. Its lock is held until unlock is
// called or this program ends; folders whose lock nobody holds are removed.
// Unlock must be kept: the lock goes with the file, and the file when nothing
// refers to it any more.
func newRun() (dir string, unlock func() error, err error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), runs+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, dir := range old {
		if unlock, err := tryLock(filepath.Join(dir, "lock")); err == nil {
			os.RemoveAll(dir)
			unlock()
		}
	}
	if dir, err = os.MkdirTemp("", runs); err != nil {
		return "", nil, err
	}
	if unlock, err = lock(filepath.Join(dir, "lock")); err != nil {
		return "", nil, err
	}
	return dir, unlock, os.Chmod(dir, 0o711)
}

// Env gives the variables, as NAME=VALUE, that tell tests where the servers
// are.
func (s *Servers) Env() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var env []string
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		env = append(env, name+"="+s.env[name])
	}
	return env
}

func (s *Servers) set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env[name] = value
}

// start starts a process that Stop will end.
func (s *Servers) start(p program) (*process, error) {
	proc, err := start(p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, proc)
	return proc, nil
}

// Stop ends every server and removes its data. It returns when all are gone,
// and may be called twice.
func (s *Servers) Stop() error {
	s.mu.Lock()
	running, dir := s.running, s.dir
	s.running, s.dir = nil, ""
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range running {
		wg.Go(func() { p.end(10 * time.Second) })
	}
	wg.Wait()
	if dir == "" {
		return nil
	}
	return errors.Join(os.RemoveAll(dir), s.unlock())
}
