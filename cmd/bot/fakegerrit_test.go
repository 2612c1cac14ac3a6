package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"verdict/gerrit/gerrittest"
)

// startedGerrits are the fake Gerrits by the script that started them.
var startedGerrits sync.Map

// startGerrit starts a Gerrit with three changes and writes a config.yaml for it: startgerrit. Change 1, demo, has two
// patch sets, votes and a post of this bot's; 2, infra/tools/demo, is work in progress; 3, demo, is merged.
func startGerrit(ts *testscript.TestScript, _ bool, _ []string) {
	s := gerrittest.NewServer(gerrittest.Config{})
	ts.Defer(s.Close)
	startedGerrits.Store(ts, s)
	s.Push(gerrittest.Push{Project: "demo", Subject: "Draw faster", Files: map[string]string{"draw.c": "1"}, Topic: "speed", Hashtags: []string{"gfx", "ci-run"}})
	s.Push(gerrittest.Push{Change: 1, Files: map[string]string{"draw.c": "2"}})
	s.Vote(1, "ci-bot", "Verified", -1)
	s.Vote(1, "admin", "Code-Review", 2)
	s.Comment(1, "bob", "Why?\x1b[31m\n\nThe old one was fine.")
	s.Comment(1, "ci-bot", "Verified -1: 1 of 40 tasks failed on patch set 2\nVerdict prod/7f3k2m9q4x")
	s.Push(gerrittest.Push{Project: "infra/tools/demo", Subject: "Not yet", WIP: true, Uploader: "bob"})
	s.Push(gerrittest.Push{Project: "demo", Branch: "release/1.0", Subject: "Long done"})
	ts.Check(s.Merge(3, "admin"))
	ts.Setenv("GERRIT_URL", s.URL())
	for name, text := range map[string]string{
		"config.yaml":   fmt.Sprintf("instance: prod\nadmin: {socket: admin.sock}\ngerrit: {main: {url: '%s', user: ci-bot, tokenFile: gerrit.secret}}\n", s.URL()),
		"gerrit.secret": "bot-secret\n",
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

func gerritOf(ts *testscript.TestScript) *gerrittest.Server {
	s, ok := startedGerrits.Load(ts)
	if !ok {
		ts.Fatalf("begin with startgerrit")
	}
	return s.(*gerrittest.Server)
}

// onGerrit does something there: ongerrit followed | away | refused | back | patchset N | comment N WHO TEXT | vote N WHO LABEL VALUE
// | hashtag N WHO TAG. Followed waits until somebody polls who has read all that is open; refused, until a whole poll
// found the server away.
func onGerrit(ts *testscript.TestScript, _ bool, args []string) {
	s, n := gerritOf(ts), 0
	if len(args) > 1 {
		n, _ = strconv.Atoi(args[1])
	}
	switch args[0] {
	case "followed":
		s.ForgetRequests()
		waitRequests(ts, s, "a second poll", 2, func(r gerrittest.Request) bool { // the first may belong to the beginning
			return strings.Contains(r.Query.Get("q"), "after:")
		})
	case "away":
		s.Fail(gerrittest.Fault{Times: -1})
	case "refused":
		s.ForgetRequests()
		waitRequests(ts, s, "a poll after one that was refused", 2*byHand.Attempts, func(gerrittest.Request) bool { return true })
	case "back":
		s.Heal()
	case "patchset":
		s.Push(gerrittest.Push{Change: n, Files: map[string]string{"draw.c": time.Now().String()}})
	case "comment":
		s.Comment(n, args[2], args[3])
	case "vote":
		value, err := strconv.Atoi(args[4])
		ts.Check(err)
		s.Vote(n, args[2], args[3], value)
	case "hashtag":
		s.SetHashtags(n, args[2], []string{args[3]}, nil)
	default:
		ts.Fatalf("nothing is called %s", args[0])
	}
}

// waitRequests waits until so many requests of a kind came.
func waitRequests(ts *testscript.TestScript, s *gerrittest.Server, what string, want int, of func(gerrittest.Request) bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		n := 0
		for _, r := range s.Requests() {
			if of(r) {
				n++
			}
		}
		if n >= want {
			return
		}
	}
	ts.Fatalf("waited in vain for %s", what)
}
