package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// FieldView is a field as `bot fields` tells it: with what follows from where it stands.
type FieldView struct {
	// Path is how a rule writes it; for a type it is the type's name.
	Path string
	Field
	// From says where its value comes from.
	From string
	// Only are the words after `gerrit:` with which `event` has it; empty: that doesn't matter.
	Only []string
	// Has are the fields of its type, or of its list's elements.
	Has []Field
}

// FindField looks up what a rule may name: change, change.owner, change.footers.key, event.vote.label; or a type of
// Types by its name. The error says what was meant.
func FindField(path string) (FieldView, error) {
	words := strings.Split(strings.ReplaceAll(path, "[]", ""), ".")
	first := fieldNamed(facts, words[0])
	if first == nil {
		if fields, ok := structs[words[0]]; ok && len(words) == 1 {
			return FieldView{Path: path, Field: Field{Name: path, Type: path, About: "a type"}, Has: slices.Clone(fields)}, nil
		}
		return FieldView{}, noSuchField(words[0], append(fieldNames(facts), keys(structs)...))
	}
	view := FieldView{Path: words[0], Field: *first, From: factFrom[first.Name]}
	if first.Name == "event" && len(words) > 1 {
		return findInEvent(view, words)
	}
	return view.follow(words)
}

func noSuchField(path string, known []string) error {
	return fmt.Errorf("%s: no such field; %s", path, yamlfile.DidYouMean(path[strings.LastIndexByte(path, '.')+1:], known))
}

// follow goes from the field that words[0] names down to the last of them.
func (v FieldView) follow(words []string) (FieldView, error) {
	for i, word := range words[1:] {
		fields := fieldsOf(v.Type)
		path := strings.Join(words[:i+2], ".")
		switch next := fieldNamed(fields, word); {
		case v.Type == "map<string>":
			v.Field = Field{Name: word, Type: "string", Outsider: v.Outsider, About: "a key of " + v.Path + `; reads as "" where there is none`}
		case v.Type == dyn:
			v.Field = Field{Name: word, Type: dyn, Outsider: v.Outsider, Absent: "may be absent: nothing is known of it before", About: "a part of " + v.Path + ", which has no types"}
		case next == nil && len(fields) == 0:
			return v, fmt.Errorf("%s: %s is %s, which has no fields", path, v.Path, v.Kind())
		case next == nil:
			return v, noSuchField(path, fieldNames(fields))
		default:
			v.Field = *next
		}
		v.Path = path
	}
	v.Has = slices.Clone(fieldsOf(v.Type))
	return v, nil
}

// findInEvent follows a path in the types that `event` has in rules on one word of Gerrit's.
func findInEvent(view FieldView, words []string) (FieldView, error) {
	var found FieldView
	var known []string
	var inside error
	for _, e := range gerritEvents {
		of := view
		of.Type, of.Outsider = e.Type, false
		at, err := of.follow(words)
		switch {
		case err == nil && found.Path == "":
			found = at
			found.Only = []string{e.Name}
		case err == nil:
			found.Only = append(found.Only, e.Name)
		case fieldNamed(structs[e.Type], words[1]) != nil:
			inside = err
		}
		for _, name := range fieldNames(structs[e.Type]) {
			known = appendNew(known, name)
		}
	}
	switch {
	case found.Path == "" && inside != nil:
		return found, inside
	case found.Path == "":
		of := view
		if of.Type, of.Outsider = tickType, false; fieldNamed(tickFields, words[1]) != nil {
			of.From = "the clock, in rules on cron"
			return of.follow(words)
		}
		return found, noSuchField("event."+words[1], known)
	case len(found.Only) == len(gerritEvents):
		found.Only = nil
	}
	found.From = "Gerrit, in rules whose sources are all the same word after gerrit:; else event is untyped"
	return found, nil
}

// Kind is the type in words: "list of footer".
func (f Field) Kind() string { return strings.NewReplacer("<", " of ", ">", "").Replace(f.Type) }

// Unit is what a number or a time counts in, or "".
func (f Field) Unit() string {
	switch {
	case f.Type == "timestamp":
		return "a time in UTC, to compare with now and duration(\"2h\")"
	case f.Type == "int" && slices.Contains([]string{"total", "completed", "failed", "exception"}, f.Name):
		return "tasks"
	}
	return ""
}

// factFrom says where the facts come from.
var factFrom = map[string]string{
	"event":    "the message itself, as it arrived",
	"change":   "Gerrit, asked when a rule names it",
	"patchset": "Gerrit, asked when a rule names it",
	"files":    "Gerrit, asked when a rule names it",
	"account":  "the event; account.groups is asked of Gerrit when a rule names it",
	"command":  "a message on the change",
	"route":    "the routes that the message was sent with",
	"task":     "Taskcluster's queue, asked when a rule names it",
	"run":      "Taskcluster's queue, asked when a rule names it",
	"group":    "Taskcluster's queue, asked for all tasks of the group when a rule names it",
	"links":    "the bot",
	"now":      "the event",
}

// fieldsOf are the fields of a type, or of a list's elements.
func fieldsOf(typ string) []Field {
	if element := elementOf(typ); element != "" {
		typ = element
	}
	return structs[typ]
}
