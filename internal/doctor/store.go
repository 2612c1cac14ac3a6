package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"

	"verdict/internal/store"
)

// Store is where the bot keeps its state.
type Store struct {
	// Options are those that the bot opens it with.
	Options store.Options
	// Running is the release of the bot that runs and has it open; empty where none runs.
	Running string
}

// Examine looks whether the store can be opened and has this release's schema. It makes none and changes none. One that
// a bot has open is looked at by asking that bot, which is left to bot status.
func (s Store) Examine(ctx context.Context) Report {
	f := &findings{service: "store"}
	if s.Running != "" {
		f.fine("open", "the bot that runs has it open (Verdict %s); bot status says how it is", s.Running)
		return f.report
	}
	if file, ok := strings.CutPrefix(s.Options.URL, "sqlite:"); ok {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			s.folder(f, file)
			return f.report
		}
	}
	o := s.Options
	o.Migrate, o.Log = "off", zerolog.Nop()
	st, err := store.Open(ctx, o)
	if err != nil {
		f.missing("open", err.Error(), s.remedy())
		return f.report
	}
	defer st.Close()
	f.fine("open", "schema %d", store.SchemaVersion)
	counts, err := st.Counts(ctx)
	if err != nil {
		f.missing("read", err.Error(), "see whether the database is well, and go back to a backup if it isn't")
		return f.report
	}
	if n := counts.Events["parked"]; n > 0 {
		f.note("events", plural(int(n), "event")+" parked", "bot events list --state parked")
	}
	return f.report
}

// folder looks whether a store could be made that isn't there yet.
func (s Store) folder(f *findings, file string) {
	dir := filepath.Dir(file)
	probe, err := os.CreateTemp(dir, ".verdict-doctor-*")
	if err != nil {
		f.missing("open", fmt.Sprintf("%s isn't there, and can't be made: %v", file, err), fmt.Sprintf("make the folder %s, with the right to write for the user that the bot runs as, or set store.url", dir))
		return
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	f.note("open", file+" isn't there yet; bot run makes it", "")
}

func (s Store) remedy() string {
	if s.Options.Migrate == "off" {
		return "where the schema is older: run bot once with store.migrate: auto"
	}
	if strings.HasPrefix(s.Options.URL, "sqlite:") {
		return "where it is locked, another process has it open; where its schema is older, bot run brings it up to date"
	}
	return "see that the database can be reached, and that store.passwordFile has its password; an older schema is brought up to date by bot run"
}
