// Package rules makes an immutable Set of rule files, and decides events by it.
//
// A team's folder holds its rules: `on` says when a rule looks, CEL decides, JSON-e says what is sent. Load
// reads all of it, refuses what is unclear or beyond the team's grant in teams.yaml, and tells everything at once
// with its place. Set.Match finds by an index the rules that an occurrence may concern; Rule.Evaluate decides and
// explains. What the rules must know of the world is handed in: no I/O happens here, and there is no clock.
// Fetching facts is left to internal/facts, keeping decisions to internal/decide, doing things to
// internal/deliver. Nothing is persisted.
package rules

import "slices"

// Sources are what a Set is made of.
type Sources struct {
	// Files are the rule files by their path below the rules folder, with slashes. Files other than .yaml, and
	// .test.yaml, are kept but not read.
	Files map[string][]byte
	// Refused says of what lies there and couldn't be read why; a folder's path ends in a slash. Where there may be rules
	// in it, their team is broken.
	Refused map[string]string
	// Teams is teams.yaml. Without it each first-level folder is a team and grants aren't checked, as an author
	// does at her desk.
	Teams *Teams
	// ExchangePrefix is what Taskcluster's exchanges begin with; exchange/taskcluster- when empty.
	ExchangePrefix string
	// Messages are the types of what Taskcluster's exchanges carry. Without them `event` is dyn in rules on exchanges.
	Messages *Messages
	// TaskScopes says which scopes creating a task takes, of alternatives those that are granted. The definition has
	// what they depend on: taskQueueId, provisionerId, workerType, priority, schedulerId and projectId, routes and
	// scopes as []string. Without it tasks aren't compared with grants.
	TaskScopes func(definition map[string]any, granted []string) ([]string, error)
	// StepScopes says which scopes a rerun or a cancel of a task takes, likewise. The task has taskId, schedulerId,
	// taskGroupId and projectId. Without it these aren't compared with grants.
	StepScopes func(step string, task map[string]string, granted []string) ([]string, error)
	// Cron says what is wrong with a cron expression, whose form is known to be right, and a time zone, and which of
	// them it is about: cron or zone. Without it only the form is looked at.
	Cron func(expression, zone string) (about string, err error)
	// Methods are those of Taskcluster's services. Without them a call's names aren't checked.
	Methods []Method
	// CallScopes says which scopes a call takes, likewise. What isn't known of its parameters and payload has
	// jsone.Hole in its place. Without it calls aren't compared with grants.
	CallScopes func(call Call, granted []string) ([]string, error)
	// ShowScopes makes warnings of what tasks need beyond their grants, for looking at all of it.
	ShowScopes bool
	// Advise adds what isn't wrong but is likely not meant, as warnings and notes: rules that can never act, teams that
	// vote on one label, events that nothing restores.
	Advise bool
	// SchedulerID is that of tasks that don't name one; verdict when empty.
	SchedulerID string
}

// Set is an immutable set of rules. It is safe for concurrent use.
type Set struct {
	hash   string
	rules  []*Rule
	teams  *Teams
	broken map[string][]Diagnostic
	files  map[string]map[string][]byte
	byName map[[2]string]*Rule
	index  index
	reruns bool
	// reporting are the live rules that report.
	reporting []*Rule
}

// Reruns says whether a rule reruns tasks: only then may one that is over be waited for.
func (s *Set) Reruns() bool { return s.reruns }

// Hash names the set by its content: the same files and the same teams.yaml, the same hash.
func (s *Set) Hash() string { return s.hash }

// Rules are all rules, sorted by file and line. The slice isn't the caller's to change.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule finds a rule by its team and its name, or one that it had, or nil.
func (s *Set) Rule(team, name string) *Rule { return s.byName[[2]string{team, name}] }

// Team finds a team of teams.yaml.
func (s *Set) Team(name string) (*Team, bool) { return s.teams.Team(name) }

// Broken holds, by team, what is wrong with the teams that have no rules in the set because of an error.
func (s *Set) Broken() map[string][]Diagnostic { return s.broken }

// TeamFiles are the files of a team that isn't broken, by path: what is worth keeping as its last good version.
func (s *Set) TeamFiles(team string) map[string][]byte {
	if _, broken := s.broken[team]; broken {
		return nil
	}
	return s.files[team]
}

// TeamNames are the teams that have files, sorted.
func (s *Set) TeamNames() []string {
	names := make([]string, 0, len(s.files))
	for name := range s.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
