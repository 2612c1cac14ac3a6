package main

import (
	"fmt"
	"slices"
	"strings"

	"verdict/gerrit"
)

// eventLine is an event for reading: when, what, where, and what is to say of it.
func eventLine(e *gerrit.Event) string {
	where := fmt.Sprintf("%s~%d %s %s", e.Server, e.Change.Number, oneLine(e.Change.Project), oneLine(e.Change.Branch))
	return strings.TrimRight(fmt.Sprintf("%s %-21s %s  %s", when(e.Time), e.Type, where, oneLine(said(e))), " ")
}

// said is what an event says beyond its type and change.
func said(e *gerrit.Event) string {
	switch {
	case e.Type == gerrit.PatchsetCreated:
		return fmt.Sprintf("patch set %d, %s by %s: %s", e.Patchset.Number, e.Patchset.Kind, account(e.Patchset.Uploader), e.Change.Subject)
	case e.Type == gerrit.WIPChanged && e.Change.WIP:
		return "work in progress"
	case e.Type == gerrit.WIPChanged:
		return "ready for review"
	case e.Type == gerrit.PrivateStateChanged && e.Change.Private:
		return "private"
	case e.Type == gerrit.PrivateStateChanged:
		return "no longer private"
	case e.Vote != nil:
		return fmt.Sprintf("%s %s, was %s, by %s", e.Vote.Label, vote(e.Vote.New), vote(e.Vote.Old), account(e.Vote.Account))
	case e.Hashtags != nil:
		return signed(e.Hashtags.Added, e.Hashtags.Removed)
	case e.Topic != nil:
		return fmt.Sprintf("%q, was %q", e.Topic.New, e.Topic.Old)
	case e.Attention != nil:
		return signed(accounts(e.Attention.Added), accounts(e.Attention.Removed))
	case len(e.Reviewers) > 0:
		var parts []string
		for _, r := range e.Reviewers {
			parts = append(parts, fmt.Sprintf("%s %s, was %s", account(r.Account), orNone(r.New), orNone(r.Old)))
		}
		return strings.Join(parts, "; ")
	case e.Message.Text != "":
		return account(e.Message.Author) + ": " + strings.Join(messageLines(e.Message.Text), " / ")
	}
	return e.Change.Subject
}

// messageLines are the first two lines of a message that aren't empty: what was done, and what is said.
func messageLines(text string) []string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	return lines[:min(2, len(lines))]
}

// vote is a value as Gerrit's pages show it.
func vote(value int) string {
	if value == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", value)
}

func signed(added, removed []string) string {
	var words []string
	for _, w := range added {
		words = append(words, "+"+w)
	}
	for _, w := range removed {
		words = append(words, "-"+w)
	}
	return strings.Join(words, " ")
}

// account names somebody as person does.
func account(a gerrit.EventAccount) string {
	if a.ID == 0 {
		return person(nil)
	}
	return person(&gerrit.AccountInfo{NumericID: a.ID, Name: a.Name, Username: a.Username})
}

func accounts(all []gerrit.EventAccount) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = account(a)
	}
	return names
}

func orNone(state string) string {
	if state == "" {
		return "none"
	}
	return state
}
