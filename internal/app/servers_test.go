package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/app/admin"
)

// window is for how long a comment waits for neighbours here.
const window = 3 * time.Second

// twoServers are two Gerrits with one bot, which has an account of its own on each. The change on either that a rule
// comments on when it is merged has the same number.
func twoServers(t *testing.T) (main, partner *gerrittest.Server, w *world) {
	t.Helper()
	main, partner = gerrittest.NewServer(gerrittest.Config{}), gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(main.Close)
	t.Cleanup(partner.Close)
	partner.AddAccount(gerrittest.Account{Username: "guest-bot", Password: "partner-secret", Groups: []string{gerrittest.ServiceUsers}})
	dir := folder(t, map[string]string{
		"main.token": "bot-secret", "partner.token": "partner-secret",
		"config.yaml": fmt.Sprintf(`
admin: {socket: admin.sock}
gerrit:
  main: {url: '%s', user: ci-bot, tokenFile: main.token, poll: {cron: '@every 1s'}, limits: {requestsPerSecond: 0, concurrent: 8}}
  partner: {url: '%s', user: guest-bot, tokenFile: partner.token, poll: {cron: '@every 1s'}, limits: {requestsPerSecond: 0, concurrent: 40}}
`, main.URL(), partner.URL()),
		"teams.yaml": `teams:
  demo:
    folder: demo/
    contact: {email: demo@example.org}
    gerrit:
      - {server: main, projects: [demo], actions: [comment]}
      - {server: partner, projects: [demo], actions: [comment]}
`,
		"rules/demo/merged.yaml": `rules:
  - name: here
    on: {gerrit: change-merged, server: main, project: demo}
    when: ['!change.wip']
    do: [{comment: merged on main}]
  - name: there
    on: {gerrit: change-merged, server: partner, project: demo}
    when: ['!change.wip']
    do: [{comment: merged on partner}]
`,
	})
	w = &world{t: t, bot: start(t, Options{Config: load(t, dir), Wrap: func(p *Parts) { p.Pace.Window = window }})}
	w.bot.status(t, "both servers polled", func(s admin.Status) bool {
		return len(s.Sources) == 2 && s.Sources[0].Connected && s.Sources[1].Connected
	})
	return main, partner, w
}

// merged pushes and merges a change, and gives its number.
func merged(t *testing.T, s *gerrittest.Server) int {
	t.Helper()
	p := s.Push(gerrittest.Push{Project: "demo", Subject: "A change"})
	if err := s.Merge(p.Change, "admin"); err != nil {
		t.Fatal(err)
	}
	return p.Change
}

// posts are the authors and first lines of the bot's messages.
func posts(s *gerrittest.Server, change int) (all []string) {
	for _, m := range s.Change(change).Messages {
		if _, text, ok := strings.Cut(m.Text, ":\n\n"); ok && strings.Contains(text, "Verdict prod/") {
			first, _, _ := strings.Cut(text, "\n")
			all = append(all, m.Author+": "+first)
		}
	}
	return all
}

// asked counts the requests that came for paths with a part.
func asked(s *gerrittest.Server, part string) (n int) {
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

func TestEachServerHasItsOwnRulesAndAccount(t *testing.T) {
	main, partner, w := twoServers(t)
	one, other := merged(t, main), merged(t, partner)
	if one != other {
		t.Fatalf("changes %d and %d; this test is about equal numbers", one, other)
	}
	w.until("posts on both", func() bool {
		return len(posts(main, one)) > 0 && strings.Contains(fmt.Sprint(posts(partner, other)), "merged on partner")
	})
	if got, want := fmt.Sprint(posts(main, one)), "[ci-bot: merged on main]"; got != want {
		t.Errorf("on main: got %s, want %s", got, want)
	}
	for _, post := range posts(partner, other) {
		if !strings.HasPrefix(post, "guest-bot: ") || strings.Contains(post, "main") {
			t.Errorf("on partner: %q", post)
		}
	}
}

// What hangs is the change itself: what asks for changes that were updated is answered, as when a server's disk is in
// trouble and its index isn't.
func TestAServerThatHangsHoldsNoOther(t *testing.T) {
	main, partner, w := twoServers(t)
	var hung []int
	for range 15 {
		hung = append(hung, merged(t, partner))
	}
	w.bot.status(t, "15 posts to make", func(s admin.Status) bool { return s.Counts.Actions["pending"] == 15 })
	partner.ForgetRequests()
	partner.Fail(gerrittest.Fault{Path: "/detail", Times: -1, Hang: true})
	w.until("all workers that one server has waiting for partner", func() bool { return asked(partner, "/detail") == 8 })
	for range 15 {
		hung = append(hung, merged(t, partner))
	}
	w.until("one who decides waiting for partner, too", func() bool { return asked(partner, "/detail") > 8 })
	for n := range 2 {
		began := time.Now()
		change := merged(t, main)
		w.until("a post on main", func() bool { return len(posts(main, change)) > 0 })
		// A poll a second, and the window. A call that hangs is given up after ten seconds or twenty.
		if took := time.Since(began); took > window+4*time.Second {
			t.Errorf("post %d on main took %s while partner hangs", n, took)
		}
	}
	for _, change := range hung {
		if got := posts(partner, change); len(got) > 0 {
			t.Errorf("partner doesn't hang: %q on %d", got, change)
		}
	}
	partner.Close() // ends what hangs: the stop needn't wait for it
}
