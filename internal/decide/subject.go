package decide

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/rules"
)

// subject is an event as the rules see it.
type subject struct {
	store.Event
	// payload is `event` in rules: as sent, with integers as int64.
	payload any
	// change is set for Gerrit's own events, and for commands, which are in one.
	change *gerrit.Event
	// command is set for those of source command, with change.
	command *Command
	unheard refusals
	// derived is set for events of the sources task and group.
	derived *Derived
	// exchange is the whole name, for pulse.
	exchange string
	// tick is set for events of the clock, found too where it is of a change that a tick found.
	tick  *ingest.Tick
	found *Found
	// seen is the event's group as it was looked at, nil before; links are what link found, by team.
	seen  *view
	links map[string]linked
	// finds are the changes that this tick finds, while it is decided.
	finds []Found
}

// Derived is the body of an event of source task or group: the state that it tells, and the message that led
// to it.
type Derived struct {
	TaskID  string `json:"taskId,omitempty"`
	GroupID string `json:"groupId,omitempty"`
	Run     int    `json:"run"`
	State   string `json:"state"`
	// Hash is the group's state: each task's latest run and state.
	Hash string `json:"hash,omitempty"`
	// Generation is that of the group's state.
	Generation int64    `json:"generation,omitempty"`
	Routes     []string `json:"routes,omitempty"`
	// Swept says that a look which no message asked for found it.
	Swept bool            `json:"swept,omitempty"`
	Event json.RawMessage `json:"event"`
}

func (d *Decider) read(ev store.Event) (*subject, error) {
	if ev.BodyVersion != 1 {
		return nil, &unreadableError{fmt.Errorf("the body has version %d, which this release can't read", ev.BodyVersion)}
	}
	s := &subject{Event: ev}
	body := ev.Body
	switch ev.Source {
	case "pulse":
		s.exchange = longName(d.ExchangePrefix, ev.Type)
	case "gerrit":
		s.change = new(gerrit.Event)
		if err := json.Unmarshal(body, s.change); err != nil {
			return nil, &unreadableError{fmt.Errorf("read the body: %w", err)}
		}
	case "command":
		s.command, s.change = new(Command), new(gerrit.Event)
		if err := errors.Join(json.Unmarshal(body, s.command), json.Unmarshal(s.command.Event, s.change)); err != nil {
			return nil, &unreadableError{fmt.Errorf("read the body: %w", err)}
		}
		body = s.command.Event
	case "task", "group":
		s.derived = new(Derived)
		if err := json.Unmarshal(body, s.derived); err != nil {
			return nil, &unreadableError{fmt.Errorf("read the body: %w", err)}
		}
		body = s.derived.Event
	case "cron":
		var err error
		if body, err = s.readTick(body); err != nil {
			return nil, err
		}
	default:
		return nil, &unreadableError{fmt.Errorf("the event's source %q is not known to this release", ev.Source)}
	}
	payload, err := facts.Decode(body)
	if err != nil {
		return nil, &unreadableError{fmt.Errorf("read the payload: %w", err)}
	}
	s.payload = payload
	s.complete()
	return s, nil
}

// complete fills in what an event of Gerrit's leaves out where it is empty, so that rules can name it.
func (s *subject) complete() {
	body, _ := s.payload.(map[string]any)
	message, ok := body["message"].(map[string]any)
	if s.change == nil || !ok {
		return
	}
	for _, name := range []string{"tag", "text"} {
		if _, there := message[name]; !there {
			message[name] = ""
		}
	}
}

// occurrence is what the match index looks at.
func (s *subject) occurrence() rules.Occurrence {
	o := rules.Occurrence{Source: s.Source, Type: s.Type, RoutingKey: s.RoutingKey, Routes: s.routes(), Payload: rules.Decoded{Event: s.payload}}
	if s.exchange != "" {
		o.Type = s.exchange
	}
	if s.change != nil {
		o.Server, o.Project, o.Branch = s.change.Server, s.change.Change.Project, s.change.Change.Branch
	}
	if s.tick != nil {
		o.Type = s.tick.Of().Name()
	}
	if s.found != nil {
		o.Server, o.Project, o.Branch = s.found.Server, s.found.Project, s.found.Branch
	}
	return o
}

func (s *subject) routes() []string {
	if s.derived != nil {
		return s.derived.Routes
	}
	if s.Routes == "" {
		return nil
	}
	return strings.Split(s.Routes, "\n")
}

// about says which task, run and group the event's facts are of.
func (s *subject) about() facts.About {
	a := facts.About{EventID: s.ID, TaskID: s.TaskID, GroupID: s.GroupID, Run: -1}
	if s.derived != nil {
		a.Run = s.derived.Run
	} else if p, ok := s.payload.(map[string]any); ok {
		if run, ok := p["runId"].(int64); ok {
			a.Run = int(run)
		}
	}
	if s.change != nil {
		a.Server = s.change.Server
		if actor, ok := s.change.Actor(); ok {
			a.Actor = &actor
		}
		if s.command != nil {
			a.Command = s.commandFact()
		}
	}
	return a
}

// linked is the patchset that an event belongs to; ok is false where it belongs to none.
type linked struct {
	link store.Link
	ok   bool
}

// link says which patchset the event belongs to for a team, nil for none; it is found out once.
func (d *Decider) link(ctx context.Context, s *subject, f *facts.Session, team *rules.Team) (store.Link, bool, error) {
	name := ""
	if team != nil {
		name = team.Name
	}
	if l, known := s.links[name]; known {
		return l.link, l.ok, nil
	}
	link, ok, err := d.findLink(ctx, s, f, team)
	if err != nil {
		return store.Link{}, false, err
	}
	if s.links == nil {
		s.links = map[string]linked{}
	}
	s.links[name] = linked{link, ok}
	return link, ok, nil
}

// findLink goes by the order of trust: the event's own change, what the bot made, a protected route, what the task says
// of itself where the team trusts tasks of its kind.
func (d *Decider) findLink(ctx context.Context, s *subject, f *facts.Session, team *rules.Team) (store.Link, bool, error) {
	if s.change != nil && rules.IsGone(s.change.Type) {
		return store.Link{}, false, nil
	}
	if s.change != nil {
		c := s.change
		return store.Link{Server: c.Server, Change: int(c.Change.Number), Patchset: c.Patchset.Number, Revision: c.Patchset.Revision, Project: c.Change.Project, Branch: c.Change.Branch}, true, nil
	}
	if s.found != nil {
		return s.found.link(), true, nil
	}
	if s.Source == "group" && team != nil {
		rows, err := d.Store.AwaitedGroup(ctx, s.GroupID)
		if err != nil {
			return store.Link{}, false, err
		}
		for _, a := range slices.Backward(rows) { // the latest patchset for which it counts
			if a.Team == team.Name {
				return store.Link{Server: a.Server, Change: a.Change, Patchset: a.Patchset, Revision: a.Revision, Project: a.Project, Branch: a.Branch}, true, nil
			}
		}
	}
	for _, made := range [][2]string{{"task", s.TaskID}, {"group", s.GroupID}} {
		if made[1] == "" {
			continue
		}
		l, ok, err := d.Store.Link(ctx, made[0], made[1])
		if err != nil || ok {
			return l, ok, err
		}
	}
	for _, route := range s.routes() {
		if l, ok := parseRoute(route); ok {
			return d.complete(ctx, f, l)
		}
	}
	if s.TaskID == "" || team == nil {
		return store.Link{}, false, nil
	}
	said, err := f.Said(ctx)
	if err != nil || said == nil {
		return store.Link{}, false, err
	}
	if !team.TrustsTask(said.SchedulerID, said.ProjectID, said.TaskQueueID) {
		return store.Link{}, false, nil
	}
	l := store.Link{Server: said.Server, Change: said.Change, Patchset: said.Patchset, Project: said.Project, Branch: said.Branch, Revision: said.Revision}
	return d.complete(ctx, f, l)
}

// complete asks Gerrit for what a link lacks, and refuses one that says otherwise than Gerrit.
func (d *Decider) complete(ctx context.Context, f *facts.Session, l store.Link) (store.Link, bool, error) {
	full, err := f.Patchset(ctx, l)
	if errors.Is(err, facts.ErrNone) {
		return store.Link{}, false, nil
	}
	return full, err == nil, err
}

// parseRoute reads gerrit.<server>.<change>.<patchset>, which a scope protects.
func parseRoute(route string) (store.Link, bool) {
	parts := strings.Split(route, ".")
	if len(parts) != 4 || parts[0] != "gerrit" {
		return store.Link{}, false
	}
	change, err1 := strconv.Atoi(parts[2])
	patchset, err2 := strconv.Atoi(parts[3])
	if err1 != nil || err2 != nil || change <= 0 || patchset <= 0 {
		return store.Link{}, false
	}
	return store.Link{Server: parts[1], Change: change, Patchset: patchset}, true
}

// BeginOf is the key under which it is known from when on a rule answers a trigger's events: of the clock by what
// ticks, so that another time or another query begins anew.
func BeginOf(rule *rules.Rule, t rules.Trigger, project string) store.BeginKey {
	if t.Source == "cron" {
		project = t.Type
	}
	return store.BeginKey{Source: t.Source, Server: t.Server, Project: project, Team: rule.Team, Rule: rule.Name}
}

// tooOld tells why a rule does not answer the event: it happened before the rule's begin, or too long ago.
func (d *Decider) tooOld(a Active, s *subject, c rules.Candidate, now time.Time) string {
	trigger := c.Rule.On[c.On]
	key := BeginOf(c.Rule, trigger, c.Project)
	begin, ok := a.Begins[key]
	if !ok {
		return "the rule has no begin yet"
	}
	if s.change != nil {
		begin = begin.Truncate(time.Second) // Gerrit's times are whole seconds: what came in the same one is not older
	}
	if s.Time.Before(begin) {
		return fmt.Sprintf("it happened at %s, before the rule's begin at %s", s.Time.UTC().Format(time.RFC3339), begin.UTC().Format(time.RFC3339))
	}
	if s.Source == "gerrit" && s.Type == "patchset-created" {
		return "" // a current patchset that nobody answered is answered late; one that is not current is stale
	}
	if d.longAgo(s, now) {
		return fmt.Sprintf("it happened at %s, longer ago than maxAge", s.Time.UTC().Format(time.RFC3339))
	}
	return ""
}

func longName(prefix, short string) string {
	service, name, ok := strings.Cut(short, "/")
	if !ok || strings.Contains(name, "/") {
		return short
	}
	return prefix + service + "/v1/" + name
}
