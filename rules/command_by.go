package rules

import (
	"slices"
	"strings"
)

// The words of `by` that stand for people of the change.
const (
	byOwner    = "owner"
	byUploader = "uploader"
	byAuthor   = "author"
)

// Asker is who wrote a command, and what that account is to the change.
type Asker struct {
	Account
	// Owner, Uploader and Author say whether it is that of the change, or of its patchset.
	Owner, Uploader, Author bool
}

// MayAsk says whether an account may give the trigger's command. What isn't needed to tell is not asked for: groups is
// called only where a group is named, and its error is MayAsk's.
func (t *Trigger) MayAsk(who Asker, groups func() ([]string, error)) (bool, error) {
	for _, word := range t.By {
		switch {
		case word == whoAnyone, word == byOwner && who.Owner, word == byUploader && who.Uploader, word == byAuthor && who.Author:
			return true, nil
		case strings.HasPrefix(word, whoUser):
			if who.Username != "" && who.Username == word[len(whoUser):] {
				return true, nil
			}
		case strings.Contains(word, "@"):
			if strings.EqualFold(who.Email, word) {
				return true, nil
			}
		}
	}
	if !slices.ContainsFunc(t.By, func(word string) bool { return strings.HasPrefix(word, whoGroup) }) {
		return false, nil
	}
	in, err := groups()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(t.By, func(word string) bool {
		group, ok := strings.CutPrefix(word, whoGroup)
		return ok && slices.Contains(in, group)
	}), nil
}

// SayBy says in words who may give a command.
func SayBy(by []string) string {
	var out []string
	for _, word := range by {
		switch {
		case word == byOwner, word == byUploader, word == byAuthor:
			out = appendNew(out, "the "+word)
		case strings.HasPrefix(word, whoGroup):
			out = appendNew(out, "members of "+word[len(whoGroup):])
		default:
			out = appendNew(out, strings.TrimPrefix(word, whoUser))
		}
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

// Commands are the names of the commands that rules look for on a project's branch.
func (s *Set) Commands(server, project, branch string) []string {
	var names []string
	for key, p := range s.index.commands {
		if key[1] != "" && key[1] != server || slices.Contains(names, key[0]) {
			continue
		}
		o := Occurrence{Source: "command", Type: key[0], Server: server, Project: project, Branch: branch}
		if len(p.match(o, nil)) > 0 {
			names = append(names, key[0])
		}
	}
	slices.Sort(names)
	return names
}

// AnswersClosed says whether the rule answers commands on changes that are closed too: one of its clauses speaks of
// change.status.
func (r *Rule) AnswersClosed() bool {
	status := func(e *expression) bool {
		return slices.ContainsFunc(e.paths, func(p fieldPath) bool { return slices.Equal(p, fieldPath{"change", "status"}) })
	}
	return slices.ContainsFunc(r.when, func(c condition) bool { return status(c.expression) })
}
