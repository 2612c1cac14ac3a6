package rules

import (
	"errors"
	"fmt"
	"strings"
)

// act renders one entry below `do`.
func (e *evaluation) act(a *action, d *Decision) error {
	stands := true
	if a.while != nil {
		clause, held, err := e.clause(*a.while)
		clause.Text = "while: " + clause.Text
		d.Clauses = append(d.Clauses, clause)
		if err != nil {
			return err
		}
		stands = held
	}
	before := len(d.Actions)
	defer func() {
		for i := range d.Actions[before:] {
			d.Actions[before+i].Approve, d.Actions[before+i].Once = a.approve, a.once
		}
	}()
	switch a.kind {
	case kindVote:
		return e.vote(a, stands, d)
	case kindReport:
		report := *a.report
		d.Actions = append(d.Actions, Action{Key: a.key, Kind: kindReport, Report: &report})
		return nil
	case kindHashtags:
		return e.hashtags(a, stands, d)
	case kindComment:
		return e.comment(a, d)
	case kindTask:
		if a.from != "" {
			return e.taskFile(a, d)
		}
		return e.tasks(a, d)
	case kindRerun, kindCancel:
		return e.step(a, d)
	case kindHook, kindCall:
		return e.call(a, d)
	default:
		return e.state(a, d)
	}
}

// comment is a message, and comments on lines; with neither it is nothing.
func (e *evaluation) comment(a *action, d *Decision) error {
	out := Action{Key: a.key, Kind: kindComment, Notify: a.notify}
	message, err := e.text(a.message)
	if err != nil {
		return err
	}
	if strings.TrimSpace(message) != "" {
		out.Message = message
	}
	if a.inline != nil {
		if out.Inline, err = e.inline(a.inline); err != nil {
			return err
		}
	}
	if out.Message != "" || len(out.Inline) > 0 {
		d.Actions = append(d.Actions, out)
	}
	return nil
}

// state is an action on what the change is: its people, its topic, its status.
func (e *evaluation) state(a *action, d *Decision) (err error) {
	out := Action{Key: a.key, Kind: a.kind, Notify: a.notify}
	for _, text := range []struct {
		of   *template
		into *string
	}{{a.message, &out.Message}, {a.reason, &out.Reason}, {a.topic, &out.Topic}} {
		if text.of == nil {
			continue
		}
		if *text.into, err = e.text(text.of); err != nil {
			return err
		}
	}
	out.Reason, out.Topic = harmlessText(out.Reason), strings.TrimSpace(harmlessText(out.Topic))
	for _, list := range []struct {
		of   []*template
		into *[]string
	}{{a.add, &out.Add}, {a.cc, &out.CC}, {a.remove, &out.Remove}} {
		if *list.into, err = e.people(list.of); err != nil {
			return err
		}
	}
	d.Actions = append(d.Actions, out)
	return nil
}

// people are the texts that came to something.
func (e *evaluation) people(templates []*template) ([]string, error) {
	var out []string
	for _, t := range templates {
		who, err := e.text(t)
		if err != nil {
			return nil, err
		}
		if who = strings.TrimSpace(harmlessText(who)); who != "" {
			out = appendNew(out, who)
		}
	}
	return out, nil
}

func (e *evaluation) vote(a *action, stands bool, d *Decision) error {
	out := Action{Key: a.key, Kind: kindVote, Labels: a.labels, Notify: a.notify}
	if stands && a.message != nil {
		message, err := e.text(a.message)
		if err != nil {
			return err
		}
		out.Message = message
	}
	d.Actions = append(d.Actions, out)
	for _, label := range keys(a.labels) {
		d.Opinions = append(d.Opinions, Opinion{Kind: "label", Target: label, Value: a.labels[label], Stands: stands})
	}
	return nil
}

func (e *evaluation) hashtags(a *action, stands bool, d *Decision) error {
	out := Action{Key: a.key, Kind: kindHashtags}
	add, err := e.tags(a.add)
	if err != nil {
		return err
	}
	if out.Remove, err = e.tags(a.remove); err != nil {
		return err
	}
	if stands {
		out.Add = add
	}
	d.Actions = append(d.Actions, out)
	if a.while == nil {
		return nil
	}
	for _, tag := range add {
		d.Opinions = append(d.Opinions, Opinion{Kind: "hashtag", Target: tag, Stands: stands})
	}
	return nil
}

func (e *evaluation) tags(templates []*template) ([]string, error) {
	var out []string
	for _, t := range templates {
		tag, err := e.text(t)
		if err != nil {
			return nil, err
		}
		if tag = hashtag(harmlessText(tag)); tag != "" {
			out = appendNew(out, tag)
		}
	}
	return out, nil
}

// hashtag is a text as Gerrit keeps it: without the # before it and blanks around it. A comma would end it.
func hashtag(text string) string {
	return strings.TrimSpace(strings.TrimLeft(strings.ReplaceAll(text, ",", "-"), "# \t"))
}

func (e *evaluation) tasks(a *action, d *Decision) error {
	v, err := e.render(a.task)
	if err != nil {
		return err
	}
	bodies := []any{v}
	if a.many {
		list, ok := v.([]any)
		if !ok {
			return e.unfit(a.task, "it is no list of definitions")
		}
		bodies = list
	}
	seen := map[string]bool{}
	for _, body := range bodies {
		task, ok := body.(map[string]any)
		if !ok {
			return e.unfit(a.task, "a definition is no mapping")
		}
		out := Action{Kind: kindTask, Key: a.key, Task: task, LiteralTimes: a.literal}
		if out.TaskKey, err = e.taskKey(a, task); err != nil {
			return err
		}
		if out.TaskKey != "" {
			out.Key = kindTask + ":" + out.TaskKey
		}
		if seen[out.Key] {
			return e.unfit(a.task, fmt.Sprintf("two tasks have the key %q", out.TaskKey))
		}
		seen[out.Key] = true
		delete(task, "key")
		d.Actions = append(d.Actions, out)
	}
	return nil
}

func (e *evaluation) taskKey(a *action, task map[string]any) (string, error) {
	if a.taskKey != nil {
		return e.text(a.taskKey)
	}
	key, ok := task["key"]
	if !ok {
		return "", nil
	}
	text, ok := key.(string)
	if !ok || text == "" {
		return "", e.unfit(a.task, "a task's key is no text")
	}
	return text, nil
}

func (e *evaluation) text(t *template) (string, error) {
	v, err := e.render(t)
	if err != nil {
		return "", err
	}
	text, ok := v.(string)
	if !ok {
		return "", e.unfit(t, fmt.Sprintf("it came to a %T, not to a text", v))
	}
	return text, nil
}

func (e *evaluation) render(t *template) (any, error) {
	context, err := t.context(e)
	if err != nil {
		return nil, err
	}
	v, err := t.jsone.Render(context, e.in.Now)
	var no *refusal
	if errors.As(err, &no) {
		return nil, &refusal{at: no.at, line: t.line, why: no.why}
	}
	if err != nil {
		return nil, &EvalError{Team: e.rule.Team, Rule: e.rule.Name, Clause: t.text, File: t.file, Line: t.line, Err: err}
	}
	return v, nil
}

func (e *evaluation) unfit(t *template, why string) error {
	return &EvalError{Team: e.rule.Team, Rule: e.rule.Name, Clause: t.text, File: t.file, Line: t.line, Err: errors.New(why)}
}
