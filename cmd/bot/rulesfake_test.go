package main

import (
	"context"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"verdict/internal/app/admin"
)

// setOf puts the beginning of the hash of the newest published set with so many rules into $HASH.
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
			return
		}
	}
	ts.Fatalf("no set has %s rules: %+v", args[0], sets)
}
