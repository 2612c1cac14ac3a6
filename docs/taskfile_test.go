package docs_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"verdict/rules"
)

var taskFileExample = regexp.MustCompile("(?s)```yaml\n(# .taskcluster.yml\n.*?)```")

func TestTheTaskFileOfThePageRenders(t *testing.T) {
	page, err := os.ReadFile("taskcluster-yml.md")
	if err != nil {
		t.Fatal(err)
	}
	found := taskFileExample.FindSubmatch(page)
	if found == nil {
		t.Fatal("the page has no file")
	}
	tasks, problems := rules.RenderTaskFile(".taskcluster.yml", found[1], rules.TaskFileInput{
		Context: map[string]any{
			"tasks_for": "gerrit-patchset-created", "change": map[string]any{"project": "boards/pico"},
			"patchset": map[string]any{"ref": "refs/changes/12/12/3"},
		},
		Slug: func(label string) string { return label }, Now: time.Now(),
	})
	if len(problems) > 0 || len(tasks) != 2 || tasks[0].Key != "build" || tasks[1].Key != "test" {
		t.Errorf("%v, %v", tasks, problems)
	}
}
