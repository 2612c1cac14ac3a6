package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
	"verdict/internal/app/admin"
)

// The rule that holds a vote is renamed while the bot runs: the vote stands, nothing is said, and the green rerun takes
// it back.
func TestARuleIsRenamedWhileItHoldsAVote(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(examples(t))); err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, dir)
	p := w.gerrit.Push(gerrittest.Push{Project: "platform/gfx", Subject: "Faster shaders", Uploader: "carol", Files: map[string]string{"shaders/a.glsl": "x"}})
	w.until("two tasks", func() bool { return len(w.tasks.Tasks()) == 2 })
	verified := func() int { return w.gerrit.Change(p.Change).Votes["Verified"]["ci-bot"] }
	w.run(w.task("shaders-linux"), "failed")
	w.until("Verified -1", func() bool { return verified() == -1 })
	said := len(w.gerrit.Change(p.Change).Messages)

	file := filepath.Join(dir, "graphics", "tasks.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.bot.admin.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "name: build-verdict", "name: builds\n    was: build-verdict", 1)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	w.bot.status(t, "the renamed rule", func(s admin.Status) bool { return s.Rules.Hash != before.Rules.Hash })
	if err := w.tasks.Rerun(w.task("shaders-linux")); err != nil {
		t.Fatal(err)
	}
	if messages := w.gerrit.Change(p.Change).Messages; verified() != -1 || len(messages) != said {
		t.Errorf("after the renaming Verified is %+d, and the change has %+v", verified(), messages[said:])
	}
	w.run(w.task("shaders-linux"), "completed")
	w.until("no vote", func() bool { return verified() == 0 })
	for _, m := range w.gerrit.Change(p.Change).Messages[said:] {
		if strings.Contains(m.Text, "Verdict test/") {
			t.Errorf("it was told: %q", m.Text)
		}
	}
}
