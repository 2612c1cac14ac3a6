package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/store"
	"verdict/rules"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bot": main, "seed": seed, "seedwhy": seedWhy, "waitstatus": waitStatus})
}

func TestScripts(t *testing.T) {
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	setup := func(e *testscript.Env) error { e.Setenv("DEPLOY", deploy); return nil }
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Setup: setup, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"fakes": startFakes, "arrived": arrived, "publish": publish, "gone": gone, "fetch": fetch,
		"startgerrit": startGerrit, "ongerrit": onGerrit,
		"gerritfake": startOpenGerrit, "setof": setOf, "gitconfig": gitConfig, "failtask": failTask,
	}})
}

// waitStatus waits until the status of the running bot, as JSON, has each of its arguments in it.
func waitStatus() {
	var text []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		c, err := admin.Dial(context.Background(), "admin.sock")
		if err != nil {
			continue
		}
		s, err := c.Status(context.Background())
		if err != nil {
			continue
		}
		text, _ = json.Marshal(s) // it came as JSON
		if !slices.ContainsFunc(os.Args[1:], func(want string) bool { return !strings.Contains(string(text), want) }) {
			return
		}
	}
	fmt.Fprintf(os.Stderr, "waited in vain for %q; the status is %s\n", os.Args[1:], text)
	os.Exit(1)
}

// emptyStore makes verdict.db.
func emptyStore() *store.Store {
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:verdict.db", Log: zerolog.Nop()})
	must(err)
	return s
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// seed makes verdict.db with a parked event, a decided one and its action: what a bot leaves behind.
func seed() {
	ctx, s := context.Background(), emptyStore()
	at := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	_, err := s.Accept(ctx, store.Intake{Events: []store.Event{
		{ID: "parked00000000000000000000", Source: "pulse", Type: "queue/task-failed", TaskID: "XyZ", State: store.EventParked, Error: "the message is not JSON", Time: at, BodyVersion: 1, Body: []byte("{oh")},
		{ID: "wanted00000000000000000000", Source: "gerrit", Type: "change-merged", Change: "main~7", State: store.EventReceived, Time: at, BodyVersion: 1, Body: []byte(`{"type":"change-merged"}`)},
	}})
	must(err)
	events, err := s.ClaimEvents(ctx, "seed", 1, time.Minute)
	must(err)
	must(s.FinishEvent(ctx, store.Verdict{
		Event: events[0], State: store.EventDecided,
		Decisions: []store.Decision{
			{EventID: events[0].ID, Team: "graphics", Rule: "tag", Matched: true, Decided: at, Facts: []byte("{}"),
				Explanation: []byte(`{"matched":true,"clauses":[{"text":"change.branch == \"main\"","line":7,"held":true,"children":[{"text":"change.branch","held":true,"value":"\"main\""}]}]}`)},
			{EventID: events[0].ID, Team: "graphics", Rule: "other", Stopped: "change.wip", Decided: at, Facts: []byte("{}"),
				Explanation: []byte(`{"matched":false,"stopped":"change.wip","clauses":[{"text":"change.wip","line":9,"held":false}]}`)},
		},
		Actions: []store.Action{{ID: "action00000000000000000000", EventID: events[0].ID, Team: "graphics", Rule: "tag", Key: "comment", Kind: "comment",
			Lane: "main~7", Server: "main", Change: 7, Patchset: 2, State: store.ActionPending, ArgsVersion: 1, Args: []byte(`{"message":"hello"}`)}},
	}))
	must(s.Close())
}

func TestTheExamplesAreRight(t *testing.T) {
	found, count, err := check([]string{"../../rules/examples"}, "", "")
	found = slices.DeleteFunc(found, func(d rules.Diagnostic) bool { return d.Severity == rules.Note })
	if err != nil || len(found) > 0 || count == 0 {
		t.Errorf("%d rules, %v, %v", count, found, err)
	}
}

// Every command has help and an example, and says what it is in one line.
func TestEveryCommandHasHelpAndAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() != "help" && (c.Short == "" || c.Example == "") {
			t.Errorf("%s: short %q, example %q", c.CommandPath(), c.Short, c.Example)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

// A command is found by its name where somebody greps for it: one file a subcommand.
func TestEverySubcommandHasItsFile(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if _, err := os.Stat(c.Name() + ".go"); err != nil && c.Name() != "help" {
			t.Error(err)
		}
	}
}
