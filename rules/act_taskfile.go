package rules

import "fmt"

// FileProblem is why a file of the patchset can't be used; Line is 0 where it can't be told.
type FileProblem struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
}

// taskFile makes a task of each that a file of the patchset comes to. What is wrong with the file is said on the change:
// its author reads it there.
func (e *evaluation) taskFile(a *action, d *Decision) error {
	file, _ := e.in.Facts[TaskFileFact+a.from].(map[string]any)
	text, there := file["text"].(string)
	if !there {
		why, _ := file["problem"].(string)
		if why == "" {
			return &missingFact{a.from}
		}
		d.Actions = append(d.Actions, unusable(a.from, 0, why))
		return nil
	}
	context := TaskFileContext(e.rule.On[min(e.in.On, len(e.rule.On)-1)], e.in.Facts, e.in.Event, e.in.RootURL)
	tasks, problems := RenderTaskFile(a.from, []byte(text), TaskFileInput{Context: context, Slug: e.slug, Now: e.in.Now})
	if len(problems) > 0 {
		first := problems[0]
		why := first.Message
		if first.Hint != "" {
			why += "; " + first.Hint
		}
		if len(problems) > 1 {
			why += fmt.Sprintf(". And %d more", len(problems)-1)
		}
		d.Actions = append(d.Actions, unusable(a.from, first.Line, why+"."))
		return nil
	}
	for _, t := range tasks {
		d.Actions = append(d.Actions, Action{
			Kind: kindTask, Key: a.key + "/" + t.Key, TaskKey: t.Key, TaskID: t.ID, Task: t.Definition, LiteralTimes: t.LiteralTimes,
		})
	}
	return nil
}

func unusable(path string, line int, why string) Action {
	return Action{Kind: kindComment, Key: "refused " + path, Message: why, File: &FileProblem{Path: path, Line: line}}
}

func (e *evaluation) slug(label string) string {
	if e.in.Slug == nil {
		return label
	}
	return e.in.Slug(label)
}

// TaskFileContext is what a .taskcluster.yml is rendered with on Gerrit: what happened, by the names that Taskcluster's
// own contract gives, and the change and its patchset by those that rules use.
func TaskFileContext(on Trigger, known map[string]any, event any, rootURL string) map[string]any {
	out := map[string]any{"tasks_for": on.Source + "-" + on.Type, "event": event, "taskcluster_root_url": rootURL}
	for _, name := range []string{"change", "patchset"} {
		if v, ok := known[name]; ok {
			out[name] = v
		}
	}
	return out
}
