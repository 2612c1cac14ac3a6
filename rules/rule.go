package rules

import "slices"

// Mode says whether a rule acts.
type Mode string

// The modes of a rule.
const (
	// Live decides and acts.
	Live Mode = "live"
	// Shadow decides, and makes no action.
	Shadow Mode = "shadow"
	// Off doesn't look.
	Off Mode = "off"
)

// Rule is one rule of a team. It is immutable.
type Rule struct {
	Team, Name, Description string
	// Was are the names that it had before.
	Was []string
	// File and Line say where it is written.
	File string
	Line int
	Mode Mode
	// On says when it looks; there is at least one.
	On []Trigger

	lets  []let
	when  []condition
	do    []action
	needs []string
	tasks []TaskNeed
	once  *Once
}

// Trigger is one `on` of a rule.
type Trigger struct {
	// Source is pulse, gerrit, command, task, group or cron.
	Source string
	// Type is the exchange as written for pulse (queue/task-failed, or a whole name), else gerrit's event type,
	// the command's name, the state of the task or group, or the tick's name.
	Type string
	// By says who may give a command: owner, uploader, author, anyone, group:NAME, user:NAME or an address.
	By []string
	// Tick is cron's, and AtMost how many changes its query may find for the rule.
	Tick   Tick
	AtMost int
	// Server is the Gerrit that it is about. Empty: any, where the source is neither gerrit, command nor cron with a query.
	Server string
	// Projects, Branches and Files are patterns; empty: any. For gerrit and command, a rule that names no project is
	// about the projects that its team was granted.
	Projects, Branches, Files []string
	Line                      int

	projects, branches []pattern
	files              []pattern
	key                routingKey
	// taskRoute is a pattern of a task's routes as written, route what it means.
	taskRoute string
	route     routingKey
	// equal are the words of the routing key that a clause asks for, by place.
	equal []string
	// change and patchset say which one a task is of, where `on` says it.
	change, patchset *condition
	// lifted is what clauses ask of the payload's texts.
	lifted []lifted
}

// onChanges says whether its events are changes' own, told by Gerrit.
func (t *Trigger) onChanges() bool { return t.Source == "gerrit" || t.Source == "command" }

// Covers says whether the trigger is about a change of this project and branch. One that names none covers all,
// and also an event that belongs to no change, whose server, project and branch are empty.
func (t Trigger) Covers(server, project, branch string) bool {
	if server == "" && project == "" && (len(t.projects) > 0 || len(t.branches) > 0 || len(t.files) > 0) {
		return false
	}
	if server != "" && t.Server != "" && t.Server != server {
		return false
	}
	return anyMatch(t.projects, project) && anyMatch(t.branches, branch)
}

// Needs names the facts that have to be in Input.Facts: of change, patchset, files, account, task, run, group and links
// those that the rule names anywhere, sorted; and account.groups, which is in account only then. The slice isn't the caller's to change.
func (r *Rule) Needs() []string { return r.needs }

// does says whether the rule has an action of one of the kinds.
func (r *Rule) does(kinds ...string) bool {
	return slices.ContainsFunc(r.do, func(a action) bool { return slices.Contains(kinds, a.kind) })
}

// Votes says whether the rule casts a vote: losing such a rule is itself worth telling.
func (r *Rule) Votes() bool { return r.does(kindVote, kindReport) }
