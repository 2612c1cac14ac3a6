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
	"verdict/internal/decide/ledger"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// Found is the body of an event of one change that a tick's query found.
type Found struct {
	Tick json.RawMessage `json:"tick"`
	// Server to Branch say which change it was, with its patchset then.
	Server   string `json:"server"`
	Change   int    `json:"change"`
	Patchset int    `json:"patchset"`
	Revision string `json:"revision"`
	Project  string `json:"project"`
	Branch   string `json:"branch"`
	// Rules are those that it was found for, "team/rule": of others it may be beyond the grant, or beyond atMost.
	Rules []string `json:"rules"`
}

func (f *Found) link() store.Link {
	return store.Link{Server: f.Server, Change: f.Change, Patchset: f.Patchset, Revision: f.Revision, Project: f.Project, Branch: f.Branch}
}

// readTick reads an event of the clock: a tick, or a change that one found.
func (s *subject) readTick(body []byte) ([]byte, error) {
	if s.Type == "found" {
		s.found = new(Found)
		if err := json.Unmarshal(body, s.found); err != nil {
			return nil, &unreadableError{fmt.Errorf("read the body: %w", err)}
		}
		body = s.found.Tick
	}
	s.tick = new(ingest.Tick)
	if err := json.Unmarshal(body, s.tick); err != nil {
		return nil, &unreadableError{fmt.Errorf("read the tick: %w", err)}
	}
	return body, nil
}

// isFor tells whether a rule is one that the change was found for; of another source any event is.
func (s *subject) isFor(rule *rules.Rule) bool {
	return s.found == nil || slices.ContainsFunc(s.found.Rules, func(name string) bool { return isCalled(rule, name) })
}

// isCalled tells whether a rule has a name, "team/rule", or had it.
func isCalled(rule *rules.Rule, name string) bool {
	name, ok := strings.CutPrefix(name, rule.Team+"/")
	return ok && (name == rule.Name || slices.Contains(rule.Was, name))
}

// asksQuery tells whether the event is a tick whose changes are to be looked for.
func (s *subject) asksQuery() bool { return s.tick != nil && s.found == nil && s.tick.Query != "" }

// find looks for what a tick's query finds for one rule. Each change is an event of its own, decided by itself; here the
// decision is how many there were.
func (d *Decider) find(ctx context.Context, active Active, s *subject, f *facts.Session, c rules.Candidate, now time.Time, w ledger.Witness) (*outcome, error) {
	rule, trigger := c.Rule, c.Rule.On[c.On]
	team, ok := active.Set.Team(rule.Team)
	if !ok {
		return nil, nil
	}
	scope := gerrit.NewScope(rules.Reach(trigger.Projects))
	found, more, err := f.Find(ctx, s.tick.Server, s.tick.Query, scope, trigger.AtMost, func(project, branch string) bool {
		return trigger.Covers(s.tick.Server, project, branch) && team.Sees(s.tick.Server, project, branch)
	})
	var refused *facts.RefusedError
	if errors.As(err, &refused) {
		if d.Tell != nil {
			d.Tell(ctx, problems.Problem{
				Team: rule.Team, Name: refusedQuery(rule, s.tick.Cron), Said: fmt.Sprintf("%q: %s", s.tick.Query, refused),
				Remedy: "mend the query; until then the rule finds nothing",
			})
		}
		w.Decided(stopped(s.Event, active.Set.Hash(), rule, rules.OnQuery+": "+refused.Error(), now))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if d.Over != nil {
		d.Over(ctx, rule.Team, refusedQuery(rule, s.tick.Cron))
	}
	if more {
		d.Log.Warn().Str("event", s.ID).Str("rule", rule.Team+"/"+rule.Name).Str("contact", team.Email).Int("atMost", trigger.AtMost).
			Msg("a tick found more changes than its rule takes at once; the others are left")
	}
	decision, err := record(s.Event, active.Set.Hash(), rule, saidFound(trigger, len(found), more), nil, w.Shadow(), now)
	if err != nil {
		return nil, err
	}
	w.Decided(decision)
	for _, link := range found {
		s.note(link, rule)
	}
	return nil, nil
}

// refusedQuery is the name of the problem that a rule's query is refused. A rule on several ticks may have several.
func refusedQuery(rule *rules.Rule, cron string) string {
	return fmt.Sprintf("the query of rule %s at %q is refused", rule.Name, cron)
}

// saidFound is the decision about a query: it matches where it found anything.
func saidFound(t rules.Trigger, found int, more bool) *rules.Decision {
	clause := rules.Clause{Text: rules.OnQuery, Line: t.Line, Held: found > 0, Value: fmt.Sprintf("%d changes", found)}
	switch {
	case more:
		clause.Value = fmt.Sprintf("%d changes, and there are more: atMost is %d", found, t.AtMost)
	case found == 0:
		clause.Value = "no change"
	case found == 1:
		clause.Value = "1 change"
	}
	made := &rules.Decision{Matched: found > 0, Clauses: []rules.Clause{clause}}
	if found == 0 {
		made.Stopped = rules.OnQuery
	}
	return made
}

// note keeps that a change was found for a rule.
func (s *subject) note(link store.Link, rule *rules.Rule) {
	name := rule.Team + "/" + rule.Name
	i := slices.IndexFunc(s.finds, func(f Found) bool { return f.Change == link.Change })
	if i < 0 {
		s.finds = append(s.finds, Found{
			Tick: s.Body, Server: link.Server, Change: link.Change, Patchset: link.Patchset, Revision: link.Revision,
			Project: link.Project, Branch: link.Branch,
		})
		i = len(s.finds) - 1
	}
	s.finds[i].Rules = append(s.finds[i].Rules, name)
}

// foundEvents are the events of the changes that a tick found: one a change, for all rules that it was found for.
func (s *subject) foundEvents() ([]store.Event, error) {
	var out []store.Event
	for _, f := range s.finds {
		body, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("encode change %d: %w", f.Change, err)
		}
		out = append(out, store.Event{
			ID:     ingest.ID("cron", s.ID, f.Server, strconv.Itoa(f.Change)),
			Source: "cron", Type: "found", RoutingKey: s.RoutingKey, Change: fmt.Sprintf("%s~%d", f.Server, f.Change), Time: s.Time,
			State: store.EventReceived, SetHash: s.SetHash, Parent: s.ID, BodyVersion: 1, Body: body,
		})
	}
	return out, nil
}
