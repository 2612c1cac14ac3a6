package decide

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// once keeps back what a rule decided and has done before on the same thing. It gives what is to be remembered of the
// rest, if something comes of it.
func (d *Decider) once(ctx context.Context, s *subject, rule *rules.Rule, made *rules.Decision, link store.Link, linked bool, now time.Time) ([]store.Once, error) {
	if !made.Matched {
		return nil, nil
	}
	var out []store.Once
	look := func(once *rules.Once, key string) error {
		if once == nil || !made.Matched {
			return nil
		}
		o := store.Once{Team: rule.Team, Rule: rule.Name, Key: key, EventID: s.ID, Again: once.Again}
		if o.Thing = s.thing(once.Per, link, linked, &o); o.Thing == "" {
			return nil // there is none: a task that belongs to no change
		}
		last, ok, err := d.Store.LastOnce(ctx, o)
		if err != nil {
			return err
		}
		if ok && last.EventID != s.ID && (once.Again == 0 || now.Before(last.Acted.Add(once.Again))) {
			made.Spend(*once, rules.Spent{Key: key, Acted: last.Acted, EventID: last.EventID})
			return nil
		}
		out = append(out, o)
		return nil
	}
	if err := look(rule.Once(), ""); err != nil {
		return nil, err
	}
	for _, act := range slices.Clone(made.Actions) {
		if err := look(act.Once, act.Key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// thing names what once is per; "" where the event has no such thing.
func (s *subject) thing(per string, link store.Link, linked bool, o *store.Once) string {
	switch {
	case per == "task" && s.TaskID != "":
		return "task:" + s.TaskID
	case per == "run" && s.TaskID != "" && s.about().Run >= 0:
		return fmt.Sprintf("run:%s/%d", s.TaskID, s.about().Run)
	case per == "patchset" && linked:
		o.Server, o.Change = link.Server, link.Change
		return fmt.Sprintf("patchset:%s~%d~%s", link.Server, link.Change, link.Revision)
	case per == "change" && linked:
		o.Server, o.Change = link.Server, link.Change
		return fmt.Sprintf("change:%s~%d", link.Server, link.Change)
	}
	return ""
}

// acting are those of which an action is there to be done: what came to nothing isn't remembered.
func acting(onces []store.Once, actions []store.Action) []store.Once {
	return slices.DeleteFunc(onces, func(o store.Once) bool {
		return !slices.ContainsFunc(actions, func(a store.Action) bool {
			of := o.Key == "" || a.Key == o.Key || strings.HasPrefix(a.Key, o.Key+":")
			return of && a.Rule == o.Rule && a.Team == o.Team && a.State != store.ActionDead
		})
	})
}
