package rulefiles

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes files in a new folder; a text that begins with "-> " is a symlink.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if to, ok := strings.CutPrefix(files[name], "-> "); ok {
			if err := os.Symlink(to, full); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(full, []byte(files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFollowsSymlinksInsideAndRefusesThoseThatLeadOut(t *testing.T) {
	secret := filepath.Join(tree(t, map[string]string{"secret": "s3cret"}), "secret")
	dir := tree(t, map[string]string{
		"a/ci.yaml":       "rules: []",
		"a/messages/x":    "hello",
		"a/.hidden.yaml":  "no",
		".git/config":     "no",
		"..data":          "-> ..2026",
		"..2026/b.yaml":   "mounted",
		"b.yaml":          "-> ..data/b.yaml",
		"a/leak.txt":      "-> " + secret,
		"a/up.txt":        "-> ../../../../../../../../etc/passwd",
		"a/circle":        "-> .",
		"a/gone.yaml":     "-> nowhere",
		"a/loop.yaml":     "-> loop.yaml",
		"c":               "-> a/messages",
		"a/large.yaml":    strings.Repeat("#", MaxFile+1),
		"a/not/too/large": strings.Repeat("#", MaxFile),
	})
	files, refused, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a/ci.yaml": "rules: []", "a/messages/x": "hello", "b.yaml": "mounted", "c/x": "hello"} {
		if got := string(files[name]); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, data := range files {
		if strings.Contains(string(data), "s3cret") || strings.Contains(string(data), "root:") {
			t.Errorf("%s leads out of the folder", name)
		}
		if strings.Contains(name, "circle") {
			t.Errorf("%s is read twice", name)
		}
		if strings.Contains(name, "hidden") || strings.Contains(name, "git") {
			t.Errorf("%s is hidden, and was read", name)
		}
	}
	told := ""
	for name, why := range refused {
		told += name + ": " + why + "\n"
	}
	for _, want := range []string{"a/leak.txt: a symlink that leads out", "a/up.txt: a symlink", "a/large.yaml: longer than",
		"a/circle/: a symlink to a folder that it lies in\n", "a/gone.yaml: a symlink that leads to nothing\n", "a/loop.yaml: too many levels"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told:\n%s", want, told)
		}
	}
}

func TestReadTakesAFolderThatIsASymlink(t *testing.T) {
	dir := tree(t, map[string]string{"v1/a/ci.yaml": "one", "current": "-> v1"})
	files, _, err := Read(filepath.Join(dir, "current"))
	if err != nil || string(files["a/ci.yaml"]) != "one" {
		t.Errorf("got %q, %v", files, err)
	}
}

func TestReadTellsThatTheFolderIsMissing(t *testing.T) {
	if _, _, err := Read(filepath.Join(t.TempDir(), "rules")); err == nil || !strings.Contains(err.Error(), "rules") {
		t.Errorf("got %v", err)
	}
}
