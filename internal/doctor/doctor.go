// Package doctor looks whether a bot can do its work: at its account on each Gerrit, its client on Taskcluster, its user
// on pulse, its store and the clocks. It says what is missing and how to grant it.
//
// It only looks: nothing that it does is seen by people or by a running bot. What teams are granted it takes from
// rules.Teams, and whether the servers let the bot do that, it asks them as the bot's own account. It persists nothing.
// cmd/bot calls it, one method Examine a service, a file each.
package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// Level says what a check means.
type Level string

// The levels of checks. Only Missing is a finding: somebody has to do something.
const (
	Fine    Level = "fine"
	Note    Level = "note" // worth knowing, or can't be told
	Missing Level = "missing"
)

// Check is one thing that was looked at.
type Check struct {
	// Service is gerrit:<name>, taskcluster, pulse, store or config.
	Service string `json:"service"`
	// About is what was looked at, one word or a project's name.
	About string `json:"about"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
	// Remedy is what to do, and who can; empty where there is nothing.
	Remedy string `json:"remedy,omitempty"`
}

// Report is what was found, in the order of the services.
type Report []Check

// Findings is how many checks are Missing.
func (r Report) Findings() (n int) {
	for _, c := range r {
		if c.Level == Missing {
			n++
		}
	}
	return n
}

// findings gathers the checks of one service.
type findings struct {
	service string
	report  Report
}

func (f *findings) add(level Level, about, text, remedy string) {
	c := Check{Service: f.service, About: about, Level: level, Text: text, Remedy: remedy}
	if !slices.Contains(f.report, c) { // what two teams lack is lacking once
		f.report = append(f.report, c)
	}
}

func (f *findings) fine(about, format string, args ...any) {
	f.add(Fine, about, fmt.Sprintf(format, args...), "")
}

func (f *findings) note(about, text, remedy string) { f.add(Note, about, text, remedy) }

func (f *findings) missing(about, text, remedy string) { f.add(Missing, about, text, remedy) }

// atMost shows the first of many.
func atMost(n int, words []string) string {
	if len(words) <= n {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:n], ", "), len(words)-n)
}

// plural is "1 project", "2 projects".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
