package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/decide"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// hear keeps a message of Taskcluster's until the bot takes it in.
func (w *bench) hear(exchange, routingKey string, cc []string, body []byte) {
	m := pulse.Message{Exchange: exchange, RoutingKey: routingKey, Body: slices.Clone(body), Received: time.Now()}
	for _, c := range cc {
		if route, ok := strings.CutPrefix(c, "route."); ok {
			m.Routes = append(m.Routes, route)
		}
	}
	w.receive(m)
}

func (w *bench) receive(m pulse.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, m)
}

// takeHeard takes what was heard so far.
func (w *bench) takeHeard() []pulse.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.heard
	w.heard = nil
	return out
}

// rounds bounds how often the bot may answer what it did itself: rules that answer each other would go on for ever.
const rounds = 20

// postponed is how long an event waits that is to be decided again: what a rerun keeps unsettled.
const postponed = 5 * time.Millisecond

// settle lets the bot work until it has nothing to do, and tells what it heard and decided meanwhile.
func (w *bench) settle(ctx context.Context) ([]ruletest.Event, error) {
	var told []ruletest.Event
	waited := 0
	for range 2 * rounds {
		moved, err := w.takeIn(ctx)
		if err != nil {
			return told, err
		}
		for {
			decided, err := w.decider.Next(ctx)
			if err != nil {
				return told, err
			}
			events, err := w.told(ctx)
			if err != nil {
				return told, err
			}
			told = append(told, events...)
			delivered, err := w.deliverer.Next(ctx)
			if err != nil {
				return told, err
			}
			if decided == 0 && !delivered {
				break
			}
			moved = true
		}
		if moved {
			continue
		}
		if w.links.waiting == 0 {
			return told, w.held(ctx)
		}
		if w.links.waiting, waited = 0, waited+1; waited > rounds { // it waits for what doesn't come: that is told
			events, err := w.told(ctx)
			return append(told, events...), err
		}
		time.Sleep(postponed)
	}
	return told, &ruletest.StepError{Message: fmt.Sprintf("the bot does not come to rest: after %d rounds its rules still answer what they did themselves", rounds)}
}

// held tells of a rule that a guard holds: in production it would be.
func (w *bench) held(ctx context.Context) error {
	holds, err := w.store.Holds(ctx)
	if err != nil || len(holds) == 0 {
		return err
	}
	return &ruletest.StepError{Message: fmt.Sprintf("a guard holds %s: %s", holds[0].Scope, holds[0].Reason)}
}

// takeIn hands the bot what Taskcluster said, and has it ask Gerrit if something changed there.
func (w *bench) takeIn(ctx context.Context) (moved bool, err error) {
	if messages := w.takeHeard(); len(messages) > 0 {
		if err := w.inbox.AcceptMessages(ctx, messages); err != nil {
			return false, err
		}
		moved = true
	}
	state := w.gerrit.Change(w.change).MetaRevID
	if w.polled == state && state != "" {
		return moved, nil
	}
	if err := w.poller.Poll(ctx); err != nil {
		return false, err
	}
	w.polled = state
	return moved || state != "", nil
}

// told are the events that are new, with what was decided on each.
func (w *bench) told(ctx context.Context) ([]ruletest.Event, error) {
	all, err := w.store.Events(ctx, store.Filter{Limit: 1_000_000})
	if err != nil {
		return nil, err
	}
	var out []ruletest.Event
	for _, ev := range all {
		if w.known[ev.ID] || ev.Type == decide.Look || ev.State == store.EventReceived && (ev.Error == "" || w.links.waiting > 0) {
			continue
		}
		w.known[ev.ID] = true
		if w.active != w.set {
			continue // it belongs to what is given
		}
		e, err := w.event(ctx, ev)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// event is one with its decisions, also those of rules that the index passed over: their authors want to know why.
func (w *bench) event(ctx context.Context, ev store.Event) (ruletest.Event, error) {
	full, err := w.store.Event(ctx, ev.ID) // with its body
	if err != nil {
		return ruletest.Event{}, err
	}
	e := ruletest.Event{Error: full.Error}
	if e.Occurrence, err = w.decider.Occurrence(full); err != nil {
		return e, nil // it is parked, and says so in Error
	}
	decisions, err := w.store.Decisions(ctx, ev.ID)
	if err != nil {
		return e, err
	}
	if err := w.locate(ctx, full, &e.Occurrence); err != nil {
		return e, err
	}
	if full.State == store.EventDecided || full.State == store.EventUnmatched {
		passed, err := w.passedOver(ctx, full, decisions)
		if err != nil {
			return e, err
		}
		decisions = append(decisions, passed...)
	}
	e.Decisions, err = decisionsOf(decisions)
	return e, err
}

// locate says whose change an event of a task or group is about.
func (w *bench) locate(ctx context.Context, ev store.Event, o *rules.Occurrence) error {
	if o.Project != "" {
		return nil
	}
	for _, of := range [][2]string{{"task", ev.TaskID}, {"group", ev.GroupID}} {
		if of[1] == "" {
			continue
		}
		l, ok, err := w.links.Link(ctx, of[0], of[1])
		if err != nil {
			return err
		}
		if ok {
			o.Server, o.Project, o.Branch = l.Server, l.Project, l.Branch
			return nil
		}
	}
	return nil
}

// passedOver are the decisions of rules that look at an event and weren't asked, since the index knows that they can't
// match.
func (w *bench) passedOver(ctx context.Context, ev store.Event, made []store.Decision) ([]store.Decision, error) {
	o, err := w.decider.Occurrence(ev)
	if err != nil {
		return nil, err
	}
	asked := func(team, rule string) bool {
		return slices.ContainsFunc(made, func(d store.Decision) bool { return d.Team == team && d.Rule == rule })
	}
	if !slices.ContainsFunc(looking(w.set, o), func(c rules.Candidate) bool { return !asked(c.Rule.Team, c.Rule.Name) }) {
		return nil, nil
	}
	v, err := w.explainer.Try(ctx, ev, time.Now())
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", ev.Type, err)
	}
	return slices.DeleteFunc(v.Decisions, func(d store.Decision) bool { return asked(d.Team, d.Rule) }), nil
}
