package sandbox

import (
	"crypto/rand"
	"time"

	"verdict/gerrit/gerrittest"
)

// The scripted team's project.
const project = "platform/gfx"

// teamScopes are what an administrator grants the bot for the teams of rules/examples.
var teamScopes = []string{
	"queue:create-task:low:gfx/*", "queue:create-task:project:gfx", "queue:create-task:lowest:gfx/untrusted",
	"queue:create-task:project:none", "queue:scheduler-id:verdict",
}

// cast makes the scripted team known.
func cast(w *World) {
	w.Gerrit.AddProject(project, "main", "release/1.0")
	for _, name := range []string{"carol", "dave", "frank"} {
		w.Gerrit.AddAccount(gerrittest.Account{Username: name, Password: rand.Text(), Groups: []string{"gfx-committers"}})
	}
	w.Gerrit.AddAccount(gerrittest.Account{Username: "eve", Password: rand.Text()}) // belongs to no group
}

func verified(values ...int) (votes []Vote) {
	for _, v := range values {
		votes = append(votes, Vote{Label: "Verified", Value: v})
	}
	return votes
}

// maybe gives a vote that may be passed over on the way to the next.
func maybe(value int, then ...Vote) []Vote {
	return append([]Vote{{Label: "Verified", Value: value, Maybe: true}}, then...)
}

func says(texts ...string) (messages []Message) {
	for _, t := range texts {
		messages = append(messages, Message{Text: t})
	}
	return messages
}

func tasks(names ...string) (all []Task) {
	for _, n := range names {
		all = append(all, Task{Name: n})
	}
	return all
}

// files are what is pushed; push makes the contents.
func files(paths ...string) map[string]string {
	all := map[string]string{}
	for _, p := range paths {
		all[p] = ""
	}
	return all
}

var builds = tasks("shaders-linux", "shaders-windows")

// What the rule verdict says of two builds, and of one task.
var (
	allPassed   = []string{"Verified +1: all 2 tasks passed", "http"}
	passedAgain = []string{"Verified +1: all 2 tasks passed", "shaders-linux passed on its 2nd run."}
	buildFailed = []string{"shaders-linux failed: failed", "Verified -1: 1 of 2 tasks failed", "- shaders-linux: failed", "All tasks: "}
	lintFailed  = []string{"Verified -1: 1 of 1 tasks failed", "- lint: failed", "All tasks: "}
	lintPassed  = []string{"Verified +1: its one task passed", "lint passed on its 2nd run."}
)

// Stories are the scripted team's. Those that take longest come first, so that a short demonstration shows them.
func Stories() []Story {
	return []Story{
		{
			Title: "a worker breaks down, which is not the change's fault", Takes: 14 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "carol", Subject: "Calmer water", Files: files("shaders/water.frag")})}, Ought: Effects{Tasks: builds}},
				{
					Do: []Act{passes("shaders-windows"), breaks("shaders-linux", "internal-error")},
					Ought: Effects{Votes: verified(-1), Messages: says(
						"shaders-linux failed: internal-error", "A worker of gfx/ci-linux gave up on", "No verdict yet for patch set 1: 1 of 2 tasks lost their worker",
						"- shaders-linux: the worker's own error",
					)},
				},
				{Do: []Act{rerun("shaders-linux"), passes("shaders-linux")}, Ought: Effects{Votes: maybe(0, verified(1)...), Messages: says(passedAgain...)}},
			},
		},
		{
			Title: "a build fails, and passes when it is run again", Takes: 6 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "dave", Subject: "Softer shadows", Files: files("shaders/shadow.frag", "src/shadow.cc")})}, Ought: Effects{Tasks: builds}},
				{Do: []Act{fails("shaders-linux"), disconnect()}, Ought: Effects{Votes: verified(-1), Messages: says("shaders-linux failed: failed")}},
				{Do: []Act{rerun("shaders-linux"), passes("shaders-linux")}, Ought: Effects{Votes: verified(0)}},
				{Do: []Act{passes("shaders-windows")}, Ought: Effects{Votes: verified(1), Messages: says(passedAgain...)}},
			},
		},
		{
			Title: "a build fails, and a new patch set puts it right", Takes: 8 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "frank", Subject: "Brighter fog", Files: files("shaders/fog.vert")})}, Ought: Effects{Tasks: builds}},
				{
					Do:    []Act{passes("shaders-windows"), fails("shaders-linux")},
					Ought: Effects{Votes: verified(-1), Messages: says(buildFailed...), Hashtags: []string{"+ci-failed"}},
				},
				{Do: []Act{push(gerrittest.Push{Uploader: "frank", Files: files("shaders/fog.vert")})}, Ought: Effects{Tasks: builds, Hashtags: []string{"-ci-failed"}}},
				{Do: []Act{passes("shaders-linux"), passes("shaders-windows")}, Ought: Effects{Votes: verified(1), Messages: says(allPassed...)}},
			},
		},
		{
			Title: "a change is merged, and its message asks for a backport", Takes: 4 * time.Second,
			Steps: []Step{
				{Do: []Act{
					push(gerrittest.Push{Project: project, Uploader: "carol", Subject: "Free textures once", Body: "Backport: release/1.0", Files: files("src/texture.cc")}),
					foreign("shaders-from-elsewhere", "somebody-else"),
				}},
				{Do: []Act{merge("dave")}, Ought: Effects{Hashtags: []string{"+needs-backport"}}},
			},
		},
		{
			Title: "documentation is read by lint alone", Takes: 6 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "frank", Subject: "Say how fog works", Files: files("docs/fog.md")})}, Ought: Effects{Tasks: tasks("lint")}},
				{Do: []Act{fails("lint")}, Ought: Effects{Votes: verified(-1), Messages: says(lintFailed...), Hashtags: []string{"+ci-lint", "+ci-failed"}}},
				{Do: []Act{rerun("lint"), passes("lint")}, Ought: Effects{Votes: verified(1), Messages: says(lintPassed...), Hashtags: []string{"-ci-lint", "-ci-failed"}}},
			},
		},
		{
			Title: "somebody whom the team doesn't know pushes: nothing may run for them", Takes: 6 * time.Second,
			Steps: []Step{
				{
					Do: []Act{push(gerrittest.Push{Project: project, Uploader: "eve", Subject: "Mine coins in the shader", Files: files("shaders/coin.frag")})},
					Ought: Effects{Messages: says(
						"CI waits for a maintainer: you are not in gfx-committers", `A member comments "ok to test" to start it for this patch set.`,
					)},
				},
			},
		},
		{
			Title: "only the commit message is new: the vote stays, nothing runs again", Takes: 6 * time.Second,
			Steps: []Step{
				{Do: []Act{loseAnswer(), push(gerrittest.Push{Project: project, Uploader: "dave", Subject: "Wider bloom", Files: files("shaders/bloom.frag")})}, Ought: Effects{Tasks: builds}},
				{Do: []Act{breaks("shaders-linux", "claim-expired"), passes("shaders-linux"), passes("shaders-windows")}, Ought: Effects{Votes: verified(1), Messages: says(passedAgain...)}},
				{
					Do:    []Act{push(gerrittest.Push{Uploader: "dave", Subject: "Wider bloom, by request"})},
					Ought: Effects{Messages: says("Verified +1 kept from patch set 1: patch set 2 changes only the commit message")},
				},
			},
		},
		{
			Title: "work in progress is left alone until it is ready", Takes: 7 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "carol", Subject: "Try rain", Files: files("shaders/rain.frag"), WIP: true}), decided()}},
				{Do: []Act{ready(), push(gerrittest.Push{Uploader: "carol", Subject: "Rain", Files: files("shaders/rain.frag")})}, Ought: Effects{Tasks: builds}},
				{Do: []Act{passes("shaders-linux"), passes("shaders-windows")}, Ought: Effects{Votes: verified(1), Messages: says(allPassed...)}},
			},
		},
		{
			Title: "a late result of an old patch set says nothing", Takes: 8 * time.Second,
			Steps: []Step{
				{Do: []Act{push(gerrittest.Push{Project: project, Uploader: "dave", Subject: "Deeper snow", Files: files("shaders/snow.frag")})}, Ought: Effects{Tasks: builds}},
				{Do: []Act{push(gerrittest.Push{Uploader: "dave", Files: files("shaders/snow.frag")})}, Ought: Effects{Tasks: builds}},
				{Do: []Act{failsLate("shaders-windows", 1), passes("shaders-linux"), passes("shaders-windows")}, Ought: Effects{Votes: verified(1), Messages: says(allPassed...)}},
			},
		},
	}
}
