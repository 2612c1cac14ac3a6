// Package admin is what an operator asks of a bot and does to it.
//
// Desk does it on the store; Server offers a desk on a unix socket, and Client speaks to one, so that a command
// works alike beside a running bot and without one. It persists nothing of its own: what is retried, cancelled or
// held is the store's. internal/app serves it, cmd/bot calls it.
package admin

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"verdict/internal/store"
)

// Admin is a desk, near or far.
type Admin interface {
	Status(ctx context.Context) (Status, error)
	Events(ctx context.Context, f store.Filter) ([]Event, error)
	Event(ctx context.Context, id string) (EventDetail, error)
	// History lists events with what each rule made of them, or a rule that f names, without their bodies and facts.
	History(ctx context.Context, f store.Filter) ([]EventDetail, error)
	// Change tells what stands on a change, and what is unfinished.
	Change(ctx context.Context, server string, number int) (ChangeDetail, error)
	RetryEvent(ctx context.Context, id string) error
	Actions(ctx context.Context, f store.Filter) ([]Action, error)
	Action(ctx context.Context, id string) (ActionDetail, error)
	RetryAction(ctx context.Context, id string) error
	CancelAction(ctx context.Context, id string) error
	ApproveAction(ctx context.Context, id, by string) error
	Hold(ctx context.Context, h Hold) (Held, error)
	Release(ctx context.Context, scope string) error
	// RulesLog lists the sets that were published, the newest first.
	RulesLog(ctx context.Context, limit int) ([]RuleSet, error)
	// Rollback puts a published set into force for all replicas, until ReleaseRules.
	Rollback(ctx context.Context, r Rollback) (RuleSet, error)
	ReleaseRules(ctx context.Context) error
}

// ErrUsage means that what was asked makes no sense, whatever is in the store.
var ErrUsage = errors.New("usage")

// Status says how a bot is.
type Status struct {
	Version  string `json:"version"`
	Instance string `json:"instance"`
	// Running is false where a command looked into the store of a bot that is away; then only Counts, Holds and
	// Problems are told.
	Running bool      `json:"running"`
	Mode    string    `json:"mode,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Degraded lists what is away or broken; the bot works on, without it.
	Degraded []string  `json:"degraded"`
	Sources  []Source  `json:"sources,omitempty"`
	Rules    Rules     `json:"rules,omitzero"`
	Replicas []Replica `json:"replicas"`
	Holds    []Hold    `json:"holds"`
	// Problems are what somebody has to mend; each was told to the team's contact, once a day.
	Problems []Problem `json:"problems"`
	Counts   Counts    `json:"counts"`
}

// Source is one way by which events come in.
type Source struct {
	// Name is pulse, gerrit:<server> for its polls, gerrit:<server>/stream or gerrit:<server>/webhook.
	Name      string    `json:"name"`
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since,omitzero"`
	Error     string    `json:"error,omitempty"`
	// Depth is how many messages wait on the broker; absent where nobody knows.
	Depth    *int     `json:"depth,omitempty"`
	Bindings []string `json:"bindings,omitempty"`
	// LastEvent is when a stream or a webhook told something last.
	LastEvent time.Time `json:"lastEvent,omitzero"`
	// Found is, where a server is polled that also hints, how many events were found each way; else absent.
	Found *Found `json:"found,omitempty"`
}

// Found is how many events of a server were found each way since the start.
type Found struct {
	// Hinted came by a hint, Polled by a poll alone: no hint came, or later.
	Hinted int64 `json:"hinted"`
	Polled int64 `json:"polled"`
	// Missed are hints that led to nothing and were left to a poll.
	Missed int64 `json:"missed"`
}

// Rules says which rules are in force.
type Rules struct {
	Hash   string    `json:"hash"`
	Loaded time.Time `json:"loaded,omitzero"`
	Count  int       `json:"count"`
	// Commit, Author, Subject and Committed are of rules from a repository.
	Commit    string    `json:"commit,omitempty"`
	Author    string    `json:"author,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Committed time.Time `json:"committed,omitzero"`
	// Broken holds, for each team whose files have errors, what bot check says of them; the team's last good
	// version is in force meanwhile.
	Broken map[string][]string `json:"broken,omitempty"`
	// BrokenSince says since when, by team.
	BrokenSince map[string]time.Time `json:"brokenSince,omitempty"`
	// Pin keeps all replicas on an older set; absent: there is none.
	Pin *Pin `json:"pin,omitempty"`
	// Source is the repository; absent: the rules are a folder's.
	Source *RuleSource `json:"source,omitempty"`
}

// RuleSource is a repository of rules.
type RuleSource struct {
	URL    string `json:"url"`
	Branch string `json:"branch"`
	// Head is what the branch was at, at Fetched.
	Head    string    `json:"head,omitempty"`
	Fetched time.Time `json:"fetched,omitzero"`
	// Error is why the last Failures fetches failed, since Failing. Next is when it is fetched again.
	Error    string    `json:"error,omitempty"`
	Failures int       `json:"failures,omitempty"`
	Failing  time.Time `json:"failing,omitzero"`
	Next     time.Time `json:"next,omitzero"`
}

// Pin says who keeps the rules as they are, and why.
type Pin struct {
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	// Hash and Commit are those of the set.
	Hash   string `json:"hash"`
	Commit string `json:"commit,omitempty"`
}

// Replica is a live process on the same store.
type Replica struct {
	ID   string    `json:"id"`
	Set  string    `json:"rules"`
	Seen time.Time `json:"seen"`
}

// Problem is something to mend, in a team's rules or about them.
type Problem struct {
	// Team is empty where it is no team's.
	Team string `json:"team,omitempty"`
	// Contact is the team's address in teams.yaml, while a bot runs.
	Contact string `json:"contact,omitempty"`
	// Name is the same while it lasts, Said how it was last, Do what to do about it.
	Name string `json:"name"`
	Said string `json:"said"`
	Do   string `json:"do,omitempty"`
	// Since is when it began, Last when it was met last, Times how often since it began.
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`
	Times int64     `json:"times"`
}

// Hold stops deliveries of a scope: all, team:T, rule:T/R or server:S.
type Hold struct {
	Scope  string    `json:"scope"`
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// Counts are how many there are, by the state words of docs/states.md.
type Counts struct {
	Events  map[string]int64 `json:"events"`
	Actions map[string]int64 `json:"actions"`
	// Lanes have something to do.
	Lanes int64 `json:"lanes"`
	// Oldest is the oldest event that isn't decided; absent when all are.
	Oldest time.Time `json:"oldest,omitzero"`
}

var scopes = regexp.MustCompile(`^(all|team:[^/\s]+|rule:[^/\s]+/[^/\s]+|server:[^/\s]+)$`)

// Held is what came of holding.
type Held struct {
	// Stranger says that the running bot knows no team, rule or server of that name; empty: it does, or none runs.
	Stranger string `json:"stranger,omitempty"`
}

// CheckScope refuses what is no scope of a hold.
func CheckScope(scope string) error {
	if !scopes.MatchString(scope) {
		return &plainError{text: fmt.Sprintf("%q is no scope; write all, team:T, rule:T/R or server:S", scope), meaning: ErrUsage}
	}
	return nil
}
