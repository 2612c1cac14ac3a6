package rulefiles

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// watch runs a watcher and gives the channel on which it tells. Every is how often it polls.
func watch(t *testing.T, dir, teams string, every time.Duration) <-chan struct{} {
	t.Helper()
	told := make(chan struct{}, 100)
	w := &Watcher{Dir: dir, Teams: teams, Log: zerolog.Nop(), Every: every, Quiet: 10 * time.Millisecond,
		Changed: func(context.Context) { told <- struct{}{} }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return told
}

// changes makes a change again and again until it is told: the watcher may not have had its first look yet.
func changes(t *testing.T, told <-chan struct{}, change func(n int)) {
	t.Helper()
	for n := range 100 {
		change(n)
		select {
		case <-told:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("the change was never told")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWatcherTellsChangedFilesNewFoldersAndSwappedSymlinks(t *testing.T) {
	for name, every := range map[string]time.Duration{"by the kernel": time.Hour, "by polling": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			base := tree(t, map[string]string{"v1/a/ci.yaml": "1", "v2/a/ci.yaml": "2", "rules": "-> v1", "etc/teams.yaml": ""})
			told := watch(t, filepath.Join(base, "rules"), filepath.Join(base, "etc/teams.yaml"), every)
			changes(t, told, func(n int) { write(t, filepath.Join(base, "v1/a/ci.yaml"), time.Now().String()) })
			changes(t, told, func(n int) {
				os.MkdirAll(filepath.Join(base, "v1/b/c"), 0o755)
				write(t, filepath.Join(base, "v1/b/c/new.yaml"), time.Now().String())
			})
			changes(t, told, func(n int) { write(t, filepath.Join(base, "etc/teams.yaml"), time.Now().String()) })
			if every == time.Hour {
				return // the kernel doesn't tell the next one
			}
			changes(t, told, func(n int) {
				target := []string{"v2", "v1"}[n%2]
				next := filepath.Join(base, "next")
				if err := os.Symlink(target, next); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(next, filepath.Join(base, "rules")); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestWatcherTellsWhatChangedBeforeItBegan(t *testing.T) {
	dir := tree(t, map[string]string{"rules/a/ci.yaml": "1", "teams.yaml": ""})
	w := &Watcher{Dir: filepath.Join(dir, "rules"), Teams: filepath.Join(dir, "teams.yaml"), Log: zerolog.Nop(), Every: time.Hour, Quiet: time.Millisecond}
	w.Since = w.Look()
	write(t, filepath.Join(dir, "rules/a/ci.yaml"), "another")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told := false
	w.Changed = func(context.Context) { told = true; cancel() }
	if err := w.Run(ctx); err != nil || !told {
		t.Errorf("told %t, %v", told, err)
	}
}
