package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/app/admin"
	"verdict/internal/store"
)

// A rule that finds far too much at night has touched as many changes as it may by the morning, and loses nothing.
func TestARuleThatFindsTooMuchAtNightIsHeldByTheMorning(t *testing.T) {
	const changes, most = 30, 7
	server := gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(server.Close)
	for range changes {
		server.Push(gerrittest.Push{Project: "demo", Branch: "main", Subject: "A change", Files: map[string]string{"a": "a"}})
	}
	dir := folder(t, map[string]string{
		"token": "bot-secret",
		"config.yaml": fmt.Sprintf(`
admin: {socket: admin.sock}
begin: 2h
guards: {changesPerRulePerHour: %d}
gerrit: {main: {url: '%s', user: ci-bot, tokenFile: token, poll: {cron: '@every 1h'}}}
`, most, server.URL()),
		"teams.yaml": strings.ReplaceAll(teams, "platform/gfx", "demo"),
		"rules/graphics/ci.yaml": `rules:
  - name: night
    on: {cron: '* * * * *', query: 'status:open -hashtag:ci-night', server: main, project: demo}
    do:
      - hashtags: {add: [ci-night]}
`,
	})
	r := start(t, Options{Config: load(t, dir)})
	s := r.status(t, "a held rule with all else held", func(s admin.Status) bool {
		return len(s.Holds) == 1 && s.Counts.Actions[string(store.ActionHeld)] >= changes-most
	})
	touched := 0
	for n := 1; n <= changes; n++ {
		if len(server.Change(n).Hashtags) > 0 {
			touched++
		}
	}
	if touched != most || s.Holds[0].Scope != "rule:graphics/night" {
		t.Errorf("it touched %d changes, want %d; holds are %+v", touched, most, s.Holds)
	}
	told := false
	for end := time.Now().Add(10 * time.Second); !told && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		told = strings.Contains(r.log.String(), "rule night is held") && strings.Contains(r.log.String(), "gfx-ci@example.org")
	}
	if !told {
		t.Errorf("nobody was told:\n%s", r.log)
	}
}
