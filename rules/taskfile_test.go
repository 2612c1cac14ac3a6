package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"verdict/rules"
)

var fileInput = rules.TaskFileInput{
	Context: map[string]any{
		"tasks_for": "gerrit-patchset-created", "taskcluster_root_url": "https://tc.example.org",
		"event":    map[string]any{"type": "patchset-created"},
		"change":   map[string]any{"project": "platform/gfx", "branch": "main", "number": int64(12)},
		"patchset": map[string]any{"ref": "refs/changes/12/12/3", "number": int64(3)},
	},
	Slug: func(label string) string { return "slug-" + label },
	Now:  time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
}

// rendered is a file's tasks, or what is wrong with it, one a line.
func rendered(name string, data []byte) string {
	tasks, found := rules.RenderTaskFile(name, data, fileInput)
	var b strings.Builder
	for _, d := range found {
		b.WriteString(d.String() + "\n" + d.Excerpt())
	}
	for _, t := range tasks {
		definition, err := json.Marshal(t.Definition)
		fmt.Fprintf(&b, "%s %q line %d literal %v %s %v\n", t.Key, t.ID, t.Line, t.LiteralTimes, definition, err)
	}
	return strings.ReplaceAll(b.String(), " <nil>", "")
}

func TestTaskFilesRenderAsTaskclusterDoes(t *testing.T) {
	const name = "testdata/taskfiles.txtar"
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		file, want := archive.Files[i], &archive.Files[i+1]
		got := rendered(".taskcluster.yml", file.Data)
		if *update {
			want.Data = []byte(got)
		} else if got != string(want.Data) {
			t.Errorf("%s\n%s\n got %s\nwant %s", file.Name, file.Data, got, want.Data)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATaskFileHasItsLimits(t *testing.T) {
	many := "version: 1\ntasks:\n  $map: {$eval: 'range(0, 1001)'}\n  each(i): {taskQueueId: a/b}\n"
	endless := "version: 1\ntasks:\n  $map: {$eval: 'range(0, 1000)'}\n  each(i): {$map: {$eval: 'range(0, 1000)'}, each(j): {}}\n"
	for text, want := range map[string]string{
		many:    "tasks comes to 1001 tasks, more than the 1000 that one file may have",
		endless: "rendering takes more than 200000 steps",
		"version: 1\n#" + strings.Repeat("x", rules.MaxTaskFile): "the file has 262156 bytes, more than the 262144 that one may have",
	} {
		if got := rendered("f.yml", []byte(text)); !strings.Contains(got, want) {
			t.Errorf("got %.300s, want %s", got, want)
		}
	}
}

// What a file says never gets the bot to panic, and what it came to has ids of its own alone.
func FuzzRenderTaskFile(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/taskfiles.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(archive.Files); i += 2 {
		f.Add(archive.Files[i].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tasks, found := rules.RenderTaskFile("f.yml", data, fileInput)
		if len(found) > 0 && len(tasks) > 0 {
			t.Error("a file with mistakes has tasks")
		}
		for _, task := range tasks {
			group, _ := task.Definition["taskGroupId"].(string)
			for _, id := range []string{task.ID, group} {
				if id != "" && !strings.HasPrefix(id, "slug-") {
					t.Errorf("the id %q is none of the file's own", id)
				}
			}
		}
	})
}
