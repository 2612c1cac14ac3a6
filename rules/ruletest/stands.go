package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verdict/rules/yamlfile"
)

// compareStanding holds what stands to what has to.
func (r *run) compareStanding(step Step, got Standing, after string) {
	want := step.Stands
	var parts []string
	f := Finding{Line: step.Line}
	note := func(part string, wanted, there []string) {
		parts, f.Want, f.Got = append(parts, part), append(f.Want, wanted...), append(f.Got, there...)
	}
	if want.Labels != nil && !maps.Equal(votes(want.Labels), votes(got.Labels)) {
		note("labels", labelLines(want.Labels, got.Labels), labelLines(got.Labels, want.Labels))
	}
	if want.Hashtags != nil && !slices.Equal(sorted(want.Hashtags), sorted(got.Hashtags)) {
		note("hashtags", lines("hashtag", sorted(want.Hashtags)), lines("hashtag", sorted(got.Hashtags)))
	}
	if want.Messages != nil && !eachIn(want.Messages, got.Messages) {
		note("messages", lines("message", want.Messages), lines("message", got.Messages))
	}
	if want.Tasks != nil && !tasksFit(want.Tasks, got.Tasks) {
		note("tasks", taskLines(want.Tasks), namesOf(got.Tasks))
	}
	for _, one := range []struct {
		part string
		want *string
		got  string
	}{{"status", want.Status, got.Status}, {"topic", want.Topic, got.Topic}} {
		if one.want != nil && *one.want != one.got {
			note(one.part, []string{one.part + " " + orNone(*one.want)}, []string{one.part + " " + orNone(one.got)})
		}
	}
	if want.WIP != nil && *want.WIP != got.WIP {
		note("wip", []string{fmt.Sprintf("wip %t", *want.WIP)}, []string{fmt.Sprintf("wip %t", got.WIP)})
	}
	if len(parts) == 0 {
		return
	}
	f.What = fmt.Sprintf("what stands %s differs in %s", after, strings.Join(parts, ", "))
	for _, trouble := range got.Trouble {
		f.Got = append(f.Got, "could not be done: "+trouble)
	}
	f.Trees = r.trees("", r.events[r.compared:])
	r.find(f)
}

// votes are those that are not 0.
func votes(labels map[string]int) map[string]int {
	out := maps.Clone(labels)
	maps.DeleteFunc(out, func(_ string, value int) bool { return value == 0 })
	if out == nil {
		out = map[string]int{}
	}
	return out
}

func labelLines(labels, other map[string]int) (out []string) {
	all := maps.Clone(labels)
	if all == nil {
		all = map[string]int{}
	}
	for name := range other {
		all[name] += 0
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, "label "+name+" "+signed(all[name]))
	}
	return out
}

func signed(value int) string {
	if value == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", value)
}

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

func lines(kind string, texts []string) (out []string) {
	for _, t := range texts {
		out = append(out, kind+" "+strings.Join(strings.Split(strings.TrimSpace(t), "\n"), " ⏎ "))
	}
	if len(out) == 0 {
		out = append(out, "no "+kind)
	}
	return out
}

// eachIn says whether there are as many texts as wanted, each with what is wanted of it.
func eachIn(want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !strings.Contains(got[i], strings.TrimSpace(want[i])) {
			return false
		}
	}
	return true
}

func tasksFit(want []any, got []map[string]any) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if name, ok := want[i].(string); ok {
			if nameOf(got[i]) != name {
				return false
			}
			continue
		}
		if !contains(timed(plain(want[i]), got[i]), plain(got[i])) {
			return false
		}
	}
	return true
}

// timed puts times in the place of what is written as {$fromNow: 2 hours}, counted from when the task was created.
func timed(want any, got map[string]any) any {
	keys, _ := want.(map[string]any)
	text, _ := got["created"].(string)
	created, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return want
	}
	for k, v := range keys {
		relative, _ := v.(map[string]any)
		after, ok := relative["$fromNow"].(string)
		if d, err := yamlfile.ParseDuration(after); ok && err == nil {
			keys[k] = created.Add(d).UTC().Format(timeLayout)
		}
	}
	return keys
}

// timeLayout is how Taskcluster writes times.
const timeLayout = "2006-01-02T15:04:05.000Z"

func nameOf(task map[string]any) string {
	metadata, _ := task["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name
}

func taskLines(want []any) (out []string) {
	for _, t := range want {
		if name, ok := t.(string); ok {
			out = append(out, "task "+name)
			continue
		}
		out = append(out, "task "+shown(t))
	}
	return append(out, noneOf("task", len(want))...)
}

func namesOf(tasks []map[string]any) (out []string) {
	for _, t := range tasks {
		out = append(out, "task "+nameOf(t))
	}
	return append(out, noneOf("task", len(tasks))...)
}

func noneOf(kind string, n int) []string {
	if n > 0 {
		return nil
	}
	return []string{"no " + kind}
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}
