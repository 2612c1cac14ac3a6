package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"verdict/internal/store"
)

func TestStoreIsLookedAtAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "verdict.db")
	url := "sqlite:" + file
	look := func(options store.Options, running string) Report {
		r := Store{Options: options, Running: running}.Examine(t.Context())
		told(t, r)
		return r
	}
	if got := lines(look(store.Options{URL: url}, "")); got != "note open: "+file+" isn't there yet; bot run makes it\n" {
		t.Errorf("not there: got %s", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	nowhere := filepath.Join(dir, "nowhere", "verdict.db")
	if got := lines(look(store.Options{URL: "sqlite:" + nowhere}, "")); !strings.HasPrefix(got, "missing open: "+nowhere+" isn't there, and can't be made: ") {
		t.Errorf("in no folder: got %s", got)
	}
	if got := lines(look(store.Options{URL: "sqlite:" + nowhere}, "1.2.3")); got != "fine open: the bot that runs has it open (Verdict 1.2.3); bot status says how it is\n" {
		t.Errorf("while a bot runs: got %s", got)
	}

	s, err := store.Open(t.Context(), store.Options{URL: url, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accept(t.Context(), store.Intake{Events: []store.Event{{ID: "parked00000000000000000000", Source: "pulse", Type: "a", State: store.EventParked, BodyVersion: 1}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("fine open: schema %d\nnote events: 1 event parked\n", store.SchemaVersion)
	if got := lines(look(store.Options{URL: url, Migrate: "auto"}, "")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	if err := os.WriteFile(file, []byte("this is no database, however long one reads in it"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, migrate := range []string{"auto", "off"} {
		if got := lines(look(store.Options{URL: url, Migrate: migrate}, "")); !strings.HasPrefix(got, "missing open: ") {
			t.Errorf("no database, migrate %s: got %s", migrate, got)
		}
	}
	if got := lines(look(store.Options{URL: "postgres://verdict@127.0.0.1:1/verdict", Password: func() (string, error) { return "hunter2", nil }}, "")); !strings.HasPrefix(got, "missing open: ") || strings.Contains(got, "hunter2") {
		t.Errorf("no PostgreSQL: got %s", got)
	}
}
