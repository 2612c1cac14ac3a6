package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// MaxTaskFile is how many bytes a .taskcluster.yml may have.
const MaxTaskFile = 256 << 10

// maxFileTasks is how many tasks one file may come to.
const maxFileTasks = 1000

// TaskFileInput is what a .taskcluster.yml is rendered with.
type TaskFileInput struct {
	// Context are the names that it may use, beside as_slugid and now.
	Context map[string]any
	// Slug gives the id that a label stands for: for one event and rule always the same.
	Slug func(label string) string
	Now  time.Time
}

// FileTask is a task that a .taskcluster.yml came to.
type FileTask struct {
	// Key tells the file's tasks apart: metadata.name; the place in the file, from 1, where that is missing or there twice.
	Key string
	// ID is what as_slugid gave for it; empty where the file says none.
	ID string
	// Line is where it stands, as far as that can be told.
	Line int
	// Definition is as for queue.createTask; LiteralTimes are times of it that the file says as they are.
	Definition   map[string]any
	LiteralTimes []string
}

// taskFileKeys are those of a .taskcluster.yml of version 1. Those without a meaning here are let be: the same file may
// serve elsewhere.
var taskFileKeys = []string{"version", "tasks", "policy", "reporting", "autoCancelPreviousChecks", "hooks"}

// RenderTaskFile reads a .taskcluster.yml of version 1 and renders its tasks. Everything that is wrong is told at once;
// where there is anything, there are no tasks.
func RenderTaskFile(name string, data []byte, in TaskFileInput) ([]FileTask, []Diagnostic) {
	f := &taskFile{name: name, in: in, slugs: map[string]string{}, under: map[underKey][]*yamlfile.Node{}}
	if len(data) > MaxTaskFile {
		f.tell(1, fmt.Sprintf("the file has %d bytes, more than the %d that one may have", len(data), MaxTaskFile))
		return nil, f.found
	}
	var problems []yamlfile.Problem
	f.yaml, problems = yamlfile.Parse(name, data)
	f.problems(problems)
	if len(f.found) > 0 {
		return nil, f.found
	}
	tasks := f.tasks()
	if len(f.found) > 0 {
		slices.SortStableFunc(f.found, func(a, b Diagnostic) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
		return nil, f.found
	}
	return tasks, nil
}

// taskFile is one that is being rendered.
type taskFile struct {
	name  string
	in    TaskFileInput
	yaml  *yamlfile.File
	found []Diagnostic
	slugs map[string]string // the labels, by the id that they stand for
	under map[underKey][]*yamlfile.Node
}

// underKey is a part of the file, and a key below which texts stand in it.
type underKey struct {
	of  *yamlfile.Node
	key string
}

// written is as for rules. What stands below a key is gathered once: a thousand tasks may come of the same part.
func (f *taskFile) written(n *yamlfile.Node, key, text string) *yamlfile.Node {
	at := underKey{n, key}
	list, known := f.under[at]
	if !known {
		list = textsUnder(n, key, nil)
		f.under[at] = list
	}
	return mayBe(list, text)
}

func (f *taskFile) problems(problems []yamlfile.Problem) {
	f.found = append(f.found, fromProblems("", f.yaml, problems)...)
}

func (f *taskFile) refuse(n *yamlfile.Node, message, hint string) {
	f.problems([]yamlfile.Problem{n.Problem(message, hint)})
}

func (f *taskFile) tell(line int, message string) {
	f.found = append(f.found, Diagnostic{File: f.name, Line: line, Column: 1, Message: message})
}

func (f *taskFile) tasks() []FileTask {
	root := f.yaml.Root
	if root == nil || root.Kind != yamlfile.Mapping {
		f.tell(1, "the file is no mapping with version and tasks")
		return nil
	}
	switch version := root.Get("version"); {
	case version == nil:
		f.refuse(root, `the key "version" is missing`, "version: 1")
	case version.Kind != yamlfile.Int || version.Text != "1":
		f.refuse(version, fmt.Sprintf("version %s isn't supported", version.Text), "write version: 1, in its form")
	}
	if len(f.found) > 0 {
		return nil // the rest is said in another form
	}
	for _, e := range root.Entries {
		if !slices.Contains(taskFileKeys, e.Key.Text) {
			f.refuse(e.Key, fmt.Sprintf("no key %q here", e.Key.Text), yamlfile.DidYouMean(e.Key.Text, taskFileKeys[:4]))
		}
	}
	if hooks := root.Get("hooks"); hooks != nil && len(hooks.Items) > 0 {
		f.refuse(root.Key("hooks"), "hooks of the file aren't triggered here", "a rule's hook: does it")
	}
	n := root.Get("tasks")
	if n == nil || len(f.found) > 0 {
		return nil
	}
	list, ok := f.render(n)
	if !ok {
		return nil
	}
	return f.each(n, list)
}

// render is the list that `tasks` comes to.
func (f *taskFile) render(n *yamlfile.Node) ([]any, bool) {
	value, problems := n.Value()
	f.problems(problems)
	if len(problems) > 0 {
		return nil, false
	}
	compiled, err := jsone.Compile(value)
	var rendered any
	if err == nil {
		rendered, err = compiled.Render(f.context(), f.in.Now)
	}
	if err != nil {
		for _, bad := range templateFindings(n, err) {
			f.problems([]yamlfile.Problem{bad.at.ProblemAt(bad.offset, bad.message, bad.hint)})
		}
		return nil, false
	}
	list, ok := rendered.([]any)
	if !ok {
		f.refuse(n, "tasks comes to "+shapeOf(rendered)+", not to a list", "")
	}
	if len(list) > maxFileTasks {
		f.refuse(n, fmt.Sprintf("tasks comes to %d tasks, more than the %d that one file may have", len(list), maxFileTasks), "")
		return nil, false
	}
	return list, ok
}

func (f *taskFile) context() map[string]any {
	out := map[string]any{}
	for name, v := range f.in.Context {
		out[name] = v
	}
	out["as_slugid"] = jsone.Function("as_slugid", func(arguments []any) (any, error) {
		label, ok := any(nil), len(arguments) == 1
		if ok {
			label = arguments[0]
		}
		text, isText := label.(string)
		if !ok || !isText || text == "" {
			return nil, errors.New("it takes one label, a text")
		}
		id := f.in.Slug(text)
		f.slugs[id] = text
		return id, nil
	})
	return out
}

// each makes tasks of what was rendered. Dependencies come before those that depend on them.
func (f *taskFile) each(n *yamlfile.Node, list []any) []FileTask {
	var out []FileTask
	names := map[string]int{}
	for _, item := range list {
		names[nameIn(item)]++
	}
	ids := map[string]int{}
	for i, item := range list {
		at := f.itemNode(n, i, len(list), item)
		definition, ok := item.(map[string]any)
		if !ok {
			f.refuse(at, "a task is a mapping, not "+shapeOf(item), "")
			continue
		}
		t := FileTask{Key: nameIn(item), Line: at.Line, Definition: definition}
		if t.Key == "" || names[t.Key] > 1 {
			t.Key = fmt.Sprintf("#%d", i+1)
			if names[t.Key] > 0 {
				f.refuse(at, fmt.Sprintf("another task is called %s", t.Key), "give this one a metadata.name of its own")
			}
		}
		f.check(at, &t)
		if other, twice := ids[t.ID]; twice && t.ID != "" {
			f.refuse(at, fmt.Sprintf("the task %q has the taskId of task %d", t.Key, other), "")
		}
		ids[t.ID] = i + 1
		out = append(out, t)
	}
	return f.ordered(n, out)
}

func nameIn(item any) string {
	definition, _ := item.(map[string]any)
	metadata, _ := definition["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return strings.TrimSpace(name)
}

// itemNode is where a rendered task is written: its item of the list, or what its name stands in.
func (f *taskFile) itemNode(n *yamlfile.Node, i, of int, item any) *yamlfile.Node {
	if n.Kind == yamlfile.Sequence && len(n.Items) == of {
		return n.Items[i]
	}
	if name := nameIn(item); name != "" {
		if found := f.written(n, "name", name); found != nil {
			return found
		}
	}
	return n
}

// ordered has each task come after those of the file that it depends on.
func (f *taskFile) ordered(n *yamlfile.Node, tasks []FileTask) []FileTask {
	var out []FileTask
	byID := map[string]FileTask{}
	for _, t := range tasks {
		byID[t.ID] = t
	}
	delete(byID, "")
	state := map[string]int{} // 1: being placed, 2: placed
	var place func(t FileTask)
	place = func(t FileTask) {
		if t.ID != "" {
			if state[t.ID] == 1 {
				f.refuse(n, fmt.Sprintf("the task %q depends on itself, by way of others", t.Key), "")
			}
			if state[t.ID] > 0 {
				return
			}
			state[t.ID] = 1
		}
		dependencies, _ := t.Definition["dependencies"].([]any)
		for _, d := range dependencies {
			id, _ := d.(string)
			if of, ours := byID[id]; ours {
				place(of)
			}
		}
		if t.ID != "" {
			state[t.ID] = 2
		}
		out = append(out, t)
	}
	for _, t := range tasks {
		place(t)
	}
	return out
}
