package sandbox

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/pulse/pulsetest"
	"verdict/taskcluster/taskclustertest"
)

// What the bot is called in a World.
const (
	botUser      = "verdict"
	botClient    = "project/verdict/sandbox"
	serverName   = "main"
	instance     = "demo"
	pulseQueue   = "queue/" + botUser + "/" + instance
	exchanges    = "exchange/taskcluster-queue/v1/"
	pollSchedule = "@every 1s"
)

// Options say what a World is made with.
type Options struct {
	// Rules holds rule files, a folder a team, and teams.yaml, as rules/examples does.
	Rules fs.FS
	// Scopes are what the bot's Taskcluster client has, beside the right to make temporary credentials.
	Scopes []string
	// Twice has every n-th message published twice; 0: none.
	Twice int
	// OnSight is told of whatever can be seen to happen, by many goroutines; nil: nobody is.
	OnSight func(Sight)
}

// World is what is around a bot. Its fakes may be used directly.
type World struct {
	Gerrit *gerrittest.Server
	Tasks  *taskclustertest.Server
	Broker *pulsetest.Broker
	// Dir holds the bot's config.yaml and all that it names.
	Dir string

	options Options
	wire    *wire
	secrets secrets

	mu    sync.Mutex          // guards what follows
	moved chan struct{}       // closed and made anew whenever something was seen
	made  map[int][]string    // the bot's tasks by change, 0 being none
	known map[string]struct{} // all in made
}

// secrets are what the bot is let in with.
type secrets struct{ gerrit, taskcluster, pulse string }

// NewWorld starts a world without people or projects: only the bot is known in it. Close ends it.
func NewWorld(o Options) (w *World, err error) {
	w = &World{
		options: o, moved: make(chan struct{}), made: map[int][]string{}, known: map[string]struct{}{},
		secrets: secrets{gerrit: rand.Text(), taskcluster: rand.Text(), pulse: rand.Text()},
	}
	defer func() {
		if err != nil {
			w.Close()
			w.Forget()
		}
	}()
	if w.Broker, err = pulsetest.Start(pulsetest.Options{Users: map[string]string{botUser: w.secrets.pulse}}); err != nil {
		return w, err
	}
	for _, name := range []string{"defined", "pending", "running", "completed", "failed", "exception", "group-resolved"} {
		w.Broker.DeclareExchange(exchanges + "task-" + name)
	}
	w.wire = newWire(w, o.Twice)
	if w.Tasks, err = taskclustertest.NewServer(taskclustertest.Config{Publish: w.wire.publish}); err != nil {
		return w, err
	}
	w.wire.start()
	w.Tasks.AddClient(botClient, w.secrets.taskcluster, append([]string{"auth:create-client:" + botClient + "/*"}, o.Scopes...)...)
	if w.Gerrit, err = gerrittest.Start(gerrittest.Config{OnMessage: w.onMessage}); err != nil {
		return w, err
	}
	w.Gerrit.AddAccount(gerrittest.Account{Username: botUser, Name: "Verdict", Password: w.secrets.gerrit, Groups: []string{gerrittest.ServiceUsers}})
	if w.Dir, err = os.MkdirTemp("", "verdict-"); err != nil {
		return w, fmt.Errorf("make a folder for the bot: %w", err)
	}
	return w, w.writeFolder()
}

// Close ends the servers. The folder stays until Forget.
func (w *World) Close() {
	if w.Gerrit != nil {
		w.Gerrit.Close()
	}
	if w.Tasks != nil {
		w.Tasks.Close()
		w.wire.close()
	}
	if w.Broker != nil {
		w.Broker.Close()
	}
}

// Forget deletes the folder.
func (w *World) Forget() {
	if w.Dir != "" {
		os.RemoveAll(w.Dir) // a temporary folder: whoever cleans /tmp gets what is left
	}
}

// see tells of something, and wakes those who wait for the world to change.
func (w *World) see(s Sight) {
	if s.What != "" && w.options.OnSight != nil {
		s.At = time.Now()
		w.options.OnSight(s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.moved)
	w.moved = make(chan struct{})
}

// next is closed when something more is seen.
func (w *World) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moved
}
