package admin

import (
	"encoding/json"
	"strings"
	"time"

	"verdict/internal/store"
)

// Event is an event as a list shows it.
type Event struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Source     string    `json:"source"`
	Type       string    `json:"type"`
	RoutingKey string    `json:"routingKey,omitempty"`
	Change     string    `json:"change,omitempty"`
	TaskID     string    `json:"taskId,omitempty"`
	GroupID    string    `json:"taskGroupId,omitempty"`
	Time       time.Time `json:"time"`
	Received   time.Time `json:"received"`
	Parent     string    `json:"parent,omitempty"`
	Set        string    `json:"rules,omitempty"`
	Error      string    `json:"error,omitempty"`
	Attempts   int       `json:"attempts,omitempty"`
	// Run is a task's; absent where the event doesn't say it, or what it said is no longer kept.
	Run *int `json:"runId,omitempty"`
}

// EventDetail is an event with all that came of it.
type EventDetail struct {
	Event
	Routes []string `json:"routes,omitempty"`
	// Body is the payload as sent: JSON as it is, anything else as a string.
	Body      json.RawMessage `json:"body,omitempty"`
	Decisions []Decision      `json:"decisions"`
	// Passed are rules of the set in force now that didn't look, since the payload says that a clause is false.
	Passed  []Decision `json:"passed,omitempty"`
	Actions []Action   `json:"actions"`
}

// Decision is what one rule made of an event.
type Decision struct {
	Rule    string `json:"rule"`
	Matched bool   `json:"matched"`
	Shadow  bool   `json:"shadow,omitempty"`
	Stopped string `json:"stopped,omitempty"`
	// Passed says that the rule was passed over: this was worked out when it was asked for.
	Passed bool `json:"passed,omitempty"`
	// Set is the hash of the rules, Commit the commit that they were of.
	Set         string          `json:"rules,omitempty"`
	Commit      string          `json:"commit,omitempty"`
	Decided     time.Time       `json:"decided"`
	Explanation json.RawMessage `json:"explanation,omitempty"`
	Facts       json.RawMessage `json:"facts,omitempty"`
}

// Action is an action as a list shows it.
type Action struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Kind     string    `json:"kind"`
	Rule     string    `json:"rule"`
	Key      string    `json:"key"`
	EventID  string    `json:"event"`
	Lane     string    `json:"lane"`
	Patchset int       `json:"patchset,omitempty"`
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due,omitzero"`
	Done     time.Time `json:"done,omitzero"`
	Attempts int       `json:"attempts,omitempty"`
	Reason   string    `json:"reason,omitempty"`
}

// ActionDetail is an action with what it was to do, and what came of it.
type ActionDetail struct {
	Action
	Project  string          `json:"project,omitempty"`
	Branch   string          `json:"branch,omitempty"`
	Revision string          `json:"revision,omitempty"`
	Started  time.Time       `json:"started,omitzero"`
	Args     json.RawMessage `json:"args,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	// Approve says who has to approve it, ApprovedBy who did.
	Approve    string    `json:"approve,omitempty"`
	ApprovedBy string    `json:"approvedBy,omitempty"`
	Approved   time.Time `json:"approved,omitzero"`
}

func viewEvent(e store.Event) Event {
	return Event{
		Run: runOf(e),
		ID:  e.ID, State: string(e.State), Source: e.Source, Type: e.Type, RoutingKey: e.RoutingKey,
		Change: e.Change, TaskID: e.TaskID, GroupID: e.GroupID, Time: e.Time, Received: e.Received,
		Parent: e.Parent, Set: e.SetHash, Error: e.Error, Attempts: e.Attempts,
	}
}

// runOf is the run that the queue's message, or what was derived of it, is about.
func runOf(e store.Event) *int {
	var said struct {
		RunID *int `json:"runId"`
		Run   *int `json:"run"`
	}
	if e.TaskID == "" || json.Unmarshal(e.Body, &said) != nil {
		return nil
	}
	if e.Source == "task" {
		return said.Run
	}
	return said.RunID
}

func viewEventDetail(e store.Event, decisions []store.Decision, actions []store.Action) EventDetail {
	d := EventDetail{
		Event: viewEvent(e), Body: raw(e.Body),
		Decisions: views(decisions, viewDecision), Actions: views(actions, viewAction),
	}
	if e.Routes != "" {
		d.Routes = strings.Split(e.Routes, "\n")
	}
	return d
}

func viewDecision(d store.Decision) Decision {
	return Decision{
		Rule: d.Team + "/" + d.Rule, Matched: d.Matched, Shadow: d.Shadow, Stopped: d.Stopped,
		Set: d.SetHash, Commit: d.Commit, Decided: d.Decided, Explanation: raw(d.Explanation), Facts: raw(d.Facts),
	}
}

func viewAction(a store.Action) Action {
	return Action{
		ID: a.ID, State: string(a.State), Kind: a.Kind, Rule: strings.Trim(a.Team+"/"+a.Rule, "/"), Key: a.Key,
		EventID: a.EventID, Lane: a.Lane, Patchset: a.Patchset, Created: a.Created, Due: a.Due, Done: a.Done,
		Attempts: a.Attempts, Reason: a.Reason,
	}
}

func viewActionDetail(a store.Action) ActionDetail {
	return ActionDetail{
		Action: viewAction(a), Project: a.Project, Branch: a.Branch, Revision: a.Revision, Started: a.Started,
		Args: raw(a.Args), Result: raw(a.Result), Approve: a.Approve, ApprovedBy: a.ApprovedBy, Approved: a.Approved,
	}
}

func viewHold(h store.Hold) Hold {
	return Hold{Scope: h.Scope, Reason: h.Reason, By: h.By, Since: h.Since}
}

func (d *Desk) viewProblem(p store.Problem) Problem {
	v := Problem{Team: p.Team, Name: p.Name, Said: p.Said, Do: p.Remedy, Since: p.Since, Last: p.Last, Times: p.Times}
	if d.Contact != nil && p.Team != "" {
		v.Contact = d.Contact(p.Team)
	}
	return v
}

func viewCounts(c store.Counts) Counts {
	v := Counts{Events: map[string]int64{}, Actions: map[string]int64{}, Lanes: c.Lanes, Oldest: c.Oldest}
	for state, n := range c.Events {
		v.Events[string(state)] = n
	}
	for state, n := range c.Actions {
		v.Actions[string(state)] = n
	}
	return v
}

// views is never nil, so that an empty list is [] in JSON.
func views[T, V any](all []T, view func(T) V) []V {
	out := make([]V, 0, len(all))
	for _, one := range all {
		out = append(out, view(one))
	}
	return out
}

// raw gives bytes as JSON, whatever they are.
func raw(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	if json.Valid(body) {
		return body
	}
	text, _ := json.Marshal(string(body)) // a string always encodes
	return text
}
