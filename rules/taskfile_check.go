package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// taskShape is a task's definition, as far as the queue's form of it is known here.
var taskShape = func() *Shape {
	text, any := &Shape{Kind: TextShape}, &Shape{}
	texts := &Shape{Kind: ListShape, Elem: text}
	object := &Shape{Kind: ObjectShape, Open: true}
	shape := &Shape{Kind: ObjectShape}
	for _, key := range append(slices.Clone(taskKeys), "taskId") {
		field := ShapeField{Name: key, Optional: !slices.Contains(taskNeeds, key), Shape: any}
		switch {
		case key == "key":
			continue
		case key == "metadata":
			field.Shape = &Shape{Kind: ObjectShape, Fields: []ShapeField{
				{Name: "name", Shape: text}, {Name: "description", Shape: text},
				{Name: "owner", Optional: true, Shape: text}, {Name: "source", Optional: true, Shape: text},
			}}
		case slices.Contains(taskTexts, key), slices.Contains(taskTimes, key), key == "taskId":
			field.Shape = &Shape{Kind: TextShape, Values: taskFieldWords[key]}
		case slices.Contains(taskTextLists, key):
			field.Shape = texts
		case key == "retries":
			field.Shape = &Shape{Kind: NumberShape}
		case slices.Contains(taskMaps, key), slices.Contains(taskTextMaps, key):
			field.Shape = object
		}
		shape.Fields = append(shape.Fields, field)
	}
	return shape
}()

// check refuses what the queue would refuse, and what could reach beyond the file's own tasks.
func (f *taskFile) check(n *yamlfile.Node, t *FileTask) {
	for _, bad := range taskShape.check(t.Definition, nil) {
		at := follow(n, bad.path)
		if len(bad.path) > 0 {
			if key := n.Key(bad.path[0].Key); key != nil && (bad.ofKey || at == n) {
				at = key
			}
		}
		f.refuse(at, inTask(bad, t.Key), bad.hint)
	}
	tags, _ := t.Definition["tags"].(map[string]any)
	for _, key := range keys(tags) {
		if _, ok := tags[key].(string); !ok {
			f.refuse(follow(n, jsone.Path{{Key: "tags"}, {Key: key}}), fmt.Sprintf("tags.%s is a text, not %s", key, shapeOf(tags[key])), "")
		}
	}
	f.queue(n, t)
	f.ids(n, t)
	for _, key := range taskTimes {
		if text, ok := t.Definition[key].(string); ok {
			if at := f.written(n, key, text); at != nil && at.Text == text {
				t.LiteralTimes = append(t.LiteralTimes, key)
			}
		}
	}
}

// inTask says of which key or task a mistake is.
func inTask(bad mistake, task string) string {
	if len(bad.path) == 0 {
		return fmt.Sprintf("%s in task %q", bad.message, task)
	}
	if bad.ofKey {
		return bad.message + " in the definition of a task"
	}
	var names []string
	for _, step := range bad.path {
		if !step.InList {
			names = append(names, step.Key)
		}
	}
	return strings.Join(names, ".") + ": " + bad.message
}

// place is where a key's value is written, or the task.
func (f *taskFile) place(n *yamlfile.Node, key, text string) *yamlfile.Node {
	if found := f.written(n, key, text); found != nil {
		return found
	}
	if found := f.written(f.yaml.Root, key, text); found != nil && text != "" {
		return found
	}
	return n
}

var queueParts = [2]*regexp.Regexp{
	regexp.MustCompile(`^[a-zA-Z0-9-_]{1,38}$`), regexp.MustCompile(`^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$`),
}

// queue refuses the name of a task queue that there can't be.
func (f *taskFile) queue(n *yamlfile.Node, t *FileTask) {
	id, there := t.Definition["taskQueueId"].(string)
	if !there {
		_, provisioner := t.Definition["provisionerId"].(string)
		_, worker := t.Definition["workerType"].(string)
		if t.Definition["taskQueueId"] == nil && (!provisioner || !worker) {
			f.refuse(n, fmt.Sprintf(`the key "taskQueueId" is missing in task %q`, t.Key), "")
		}
		return
	}
	first, second, whole := strings.Cut(id, "/")
	why := ""
	switch {
	case !whole || strings.Contains(second, "/"):
		why = "it is of two parts, with a slash between them"
	case !queueParts[0].MatchString(first):
		why = "the first part is of up to 38 letters, digits, - and _"
	case queueParts[1].MatchString(second):
		return
	case queueParts[1].MatchString(strings.ToLower(second)):
		why = "capital letters are not allowed in the second part"
	default:
		why = "the second part is of up to 38 small letters, digits and -, and begins with a letter"
	}
	f.refuse(f.place(n, "taskQueueId", id), fmt.Sprintf("taskQueueId %q: %s", id, why), "")
}

// ids takes the task's id out of its definition. It, and its group, are what as_slugid gave: another id may be
// somebody else's task or group.
func (f *taskFile) ids(n *yamlfile.Node, t *FileTask) {
	for _, key := range []string{"taskId", "taskGroupId"} {
		id, ok := t.Definition[key].(string)
		if !ok {
			continue
		}
		if _, ours := f.slugs[id]; !ours {
			f.refuse(f.place(n, key, id), fmt.Sprintf("%s %q isn't what as_slugid gives", key, id), key+": {$eval: as_slugid(\"…\")}")
		}
	}
	t.ID, _ = t.Definition["taskId"].(string)
	delete(t.Definition, "taskId")
	if extra, ok := t.Definition["extra"].(map[string]any); ok {
		delete(extra, "gerrit") // which patchset it is for, the bot says
	}
}
