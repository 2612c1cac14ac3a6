package rulefiles

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// Watcher tells when a folder of rule files, or the teams file, may have changed.
type Watcher struct {
	// Dir is the folder; it may be a symlink, which may be swapped.
	Dir string
	// Teams is the teams file.
	Teams string
	Log   zerolog.Logger
	// Every is how often to look though the kernel told nothing: on some file systems it tells nothing at all, and
	// never that a symlink to the folder was swapped. 3 s when zero.
	Every time.Duration
	// Quiet is how long nothing must have changed before Changed is called. 300 ms when zero.
	Quiet time.Duration
	// Since is what Look gave before the files were read last: what changed after that is told. Empty: what
	// changes after Run has begun.
	Since string
	// Changed is called, one call at a time.
	Changed func(ctx context.Context)
}

// Look sums up what is there, by names, sizes and times.
func (w *Watcher) Look() string { return w.look(&fsnotify.Watcher{}) }

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	kernel, err := fsnotify.NewWatcher()
	if err != nil {
		w.Log.Warn().Err(err).Msg("the kernel does not tell about changed rules; they are looked at now and then")
		kernel = &fsnotify.Watcher{}
	} else {
		defer kernel.Close()
	}
	poll := time.NewTicker(or(w.Every, 3*time.Second))
	defer poll.Stop()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	seen, stirred := w.Since, false
	// stir waits for quiet, but not for ever: each poll looks, however much is going on.
	stir := func() {
		if !stirred {
			stirred = true
			quiet.Reset(or(w.Quiet, 300*time.Millisecond))
		}
	}
	if now := w.look(kernel); seen == "" {
		seen = now
	} else if now != seen {
		stir()
	}
	last := seen
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-kernel.Events:
			stir()
		case <-kernel.Errors: // an overflow, say: polling finds what it hid
		case <-poll.C:
			if w.look(kernel) != seen {
				stir()
			}
		case <-quiet.C:
			stirred = false
			now := w.look(kernel)
			if now != last { // it is still being written
				last = now
				stir()
				continue
			}
			if now != seen {
				seen = now
				w.Changed(ctx)
			}
		}
	}
}

// look is Look, and has the kernel watch every folder of it and the teams file. The folders around them aren't
// watched: the store may be there, which is written all the time.
func (w *Watcher) look(kernel *fsnotify.Watcher) string {
	sum := sha256.New()
	note := func(name string) {
		info, err := os.Stat(name)
		if err != nil {
			fmt.Fprintf(sum, "%s %v\n", name, err)
			return
		}
		fmt.Fprintf(sum, "%s %d %d %s %v\n", name, info.Size(), info.ModTime().UnixNano(), info.Mode(), inode(info))
	}
	watched := []string{w.Teams}
	real, err := filepath.EvalSymlinks(w.Dir)
	if err != nil {
		real = w.Dir
	}
	fmt.Fprintln(sum, real)
	// An error ends the walk early; what could not be walked is noticed when it can.
	_ = filepath.WalkDir(real, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name != real && strings.HasPrefix(e.Name(), ".git") {
				return fs.SkipDir
			}
			watched = append(watched, name)
		}
		note(name)
		return nil
	})
	note(w.Teams)
	if kernel.Events != nil {
		for _, name := range watched {
			if err := kernel.Add(name); err != nil {
				w.Log.Debug().Err(err).Str("path", name).Msg("the kernel does not watch this")
			}
		}
	}
	return string(sum.Sum(nil))
}

func or(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}
