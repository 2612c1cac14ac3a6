package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"verdict/internal/app/admin"
)

// setOf puts the beginning of the hash of the newest published set with so many rules into $HASH, and of its
// commit into $COMMIT.
func setOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setof RULES")
	}
	c, err := admin.Dial(context.Background(), ts.MkAbs("admin.sock"))
	ts.Check(err)
	sets, err := c.RulesLog(context.Background(), 0)
	ts.Check(err)
	for _, s := range sets {
		if strconv.Itoa(s.Rules) == args[0] {
			ts.Setenv("HASH", s.Hash[:7])
			ts.Setenv("COMMIT", s.Commit[:min(7, len(s.Commit))])
			return
		}
	}
	ts.Fatalf("no set has %s rules: %+v", args[0], sets)
}

// gitConfig writes config.yaml, which takes an absolute path of the repository, of gitconfig.yaml.
func gitConfig(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: gitconfig")
	}
	text := strings.Replace(ts.ReadFile("gitconfig.yaml"), "WORK", ts.MkAbs("."), 1)
	ts.Check(os.WriteFile(ts.MkAbs("config.yaml"), []byte(text), 0o600))
}
