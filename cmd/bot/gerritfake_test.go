package main

import (
	"fmt"

	"github.com/rogpeppe/go-internal/testscript"

	"verdict/gerrit/gerrittest"
)

// startOpenGerrit starts a Gerrit with one change of the project demo, which anybody may see: gerritfake.
func startOpenGerrit(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := gerrittest.Start(gerrittest.Config{})
	ts.Check(err)
	ts.Defer(s.Close)
	s.AddAccount(gerrittest.Account{Username: "alice", Password: "alice-secret"})
	s.AddProject("demo", "main")
	made := s.Push(gerrittest.Push{Project: "demo", Subject: "Softer shadows", Files: map[string]string{"a": "a"}})
	ts.Setenv("GERRIT", s.URL())
	ts.Setenv("CHANGE", fmt.Sprint(made.Change))
}

// failTask has the fake Taskcluster's task fail: failtask.
func failTask(ts *testscript.TestScript, _ bool, _ []string) {
	tasks := fakesOf(ts).tasks
	run, err := tasks.Start(fakeTask)
	ts.Check(err)
	ts.Check(tasks.Resolve(fakeTask, run, "failed", "failed"))
}
