package chaos

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Three teams: one's rule that votes goes, another's file breaks, though it goes on with what was good last, and that of
// the third is mended.
const (
	threeTeams = teams + `
  net:
    folder: net/
    contact: {email: net@example.org}
    gerrit:
      - {server: main, projects: [demo], actions: [comment]}
  snd:
    folder: snd/
    contact: {email: snd@example.org}
    gerrit:
      - {server: main, projects: [demo], actions: [comment]}
`
	greeting = `
rules:
  - name: greet
    on: {command: greet, by: anyone, server: main, project: demo}
    do:
      - comment: Hello
`
	unasked = `
rules:
  - name: part
    on: {command: part, by: anyone, server: main, project: demo}
    do:
      - comment: Goodbye
`
	brokenRules = "rules: 1\n"
)

// onEdit is on a change whose vote was taken back with its rule, and on which the last good rules have answered.
var onEdit = append(slices.Clone(onVote), "Patch Set 1: -Verified", "Patch Set 1:\n\nHello")

// edited is a folder of rules that is edited while a vote of one of them stands. In between the bot is killed, and
// started again. It tells whether that happened.
func edited(t *testing.T, w *world, s strike) (*bot, bool) {
	t.Helper()
	return republished(t, w, s, func(b *bot, files map[string]string) {
		for name, text := range files {
			write(t, b.file(name), text)
		}
	})
}

// committed is edited, for rules from a repository.
func committed(t *testing.T, w *world, s strike) (*bot, bool) {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main", ".")
	commit := func(files map[string]string) {
		for name, text := range files {
			write(t, filepath.Join(dir, name), text)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "rules")
	}
	w.files["config.yaml"] += "rules: {git: {url: 'file://" + dir + "', every: 5s}}\n"
	commit(firstRules)
	return republished(t, w, s, func(b *bot, files map[string]string) {
		commit(files)
		b.signal(t, syscall.SIGHUP) // it is fetched at once
	})
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=a@x", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=a@x")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// firstRules are in force before.
var firstRules = map[string]string{"teams.yaml": threeTeams, "rules/gfx/ci.yaml": votesAtOnce, "rules/net/ci.yaml": greeting, "rules/snd/ci.yaml": brokenRules}

// republished is edited, with rules that somebody publishes.
func republished(t *testing.T, w *world, s strike, publish func(*bot, map[string]string)) (b *bot, cameBack bool) {
	t.Helper()
	maps.Copy(w.files, firstRules)
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("the vote", func() bool { return w.vote(change) == -1 && b.resting(t) })
	b.turn = len(b.trace())
	publish(b, map[string]string{"rules/gfx/ci.yaml": unasked, "rules/net/ci.yaml": brokenRules, "rules/snd/ci.yaml": unasked})
	w.until("the end of the vote", func() bool { return w.vote(change) == 0 && b.resting(t) })
	w.gerrit.Comment(change, "admin", "greet")
	w.until("an answer", func() bool { return len(w.posts(change)) >= len(onEdit) && b.resting(t) })
	w.until("word of what is to be mended", func() bool {
		return slices.Equal(b.problems(t), []string{"gfx: rule untested no longer votes", "net: rules are broken"})
	})
	b.stop(t)
	w.expectPosts(change, onEdit)
	b.expectTold(t, s, 3)
	return b, b.died() > 0 && !b.left
}

// problems are what bot status lists as to be mended.
func (b *bot) problems(t *testing.T) (all []string) {
	s, err := b.status(t)
	if err != nil {
		return nil
	}
	for _, p := range s.Problems {
		all = append(all, p.Team+": "+p.Name)
	}
	return all
}

// expectTold counts what the contacts were told. One whom the bot died to tell has the list.
func (b *bot) expectTold(t *testing.T, s strike, want int) {
	t.Helper()
	if strings.HasPrefix(s.at, "problems.NoteProblem#") && strings.HasSuffix(s.at, ":after") {
		want--
	}
	if got := strings.Count(read(b.file("log")), "somebody has to mend this"); got != want {
		t.Errorf("told %d times, want %d", got, want)
	}
}
