package app

import (
	"fmt"
	"os"
	"path/filepath"
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

// Whoever held the rule died before it told, and the rule is renamed since. One that a person holds is that one's affair.
func TestAHeldRuleIsToldAtTheStartByItsNameNow(t *testing.T) {
	dir := away(t)
	must(t, os.WriteFile(filepath.Join(dir, "rules/graphics/ci.yaml"), []byte(strings.Replace(tagRule, "name: tag", "name: tag\n    was: former", 1)+
		strings.TrimPrefix(ruleNamed("other"), "rules:\n")), 0o600))
	cfg := load(t, dir)
	s, err := store.Open(t.Context(), store.Options{URL: cfg.Store.URL})
	must(t, err)
	must(t, s.Hold(t.Context(), store.Hold{Scope: "rule:graphics/former", By: store.HeldByGuard, Reason: "it did too much"}))
	must(t, s.Hold(t.Context(), store.Hold{Scope: "rule:graphics/other", By: "ann", Reason: "it is loud"}))
	must(t, s.Close())
	r := start(t, Options{Config: cfg})
	told := r.status(t, "what is told", func(s admin.Status) bool { return len(s.Problems) > 0 })
	if err := r.stop(); err != nil { // all that the start tells is told
		t.Error(err)
	}
	if p := told.Problems[0]; len(told.Holds) != 3 || p.Name != "rule tag is held" || p.Said != "it did too much" || strings.Count(r.log.String(), "somebody has to mend") != 1 {
		t.Errorf("told are %+v of %+v\n%s", told.Problems, told.Holds, r.log)
	}
}
