package decide

import (
	"context"
	"errors"
	"fmt"

	"verdict/internal/facts"
	"verdict/rules"
	"verdict/taskcluster"
)

// unfetchedError is an artifact that can't be had now: the event is decided again later.
type unfetchedError struct{ error }

func (e *unfetchedError) Unwrap() error { return e.error }

// fetching evaluates a rule, with the artifacts that it comes to, which are put among its facts. How often is bounded
// by how many it names.
func fetching(ctx context.Context, f *facts.Session, rule *rules.Rule, team *rules.Team, in rules.Input) (*rules.Decision, error) {
	for {
		made, err := rule.Evaluate(in)
		var want *rules.WantError
		if !errors.As(err, &want) {
			return made, err
		}
		known := map[string]any{}
		if before, ok := in.Facts["artifacts"].(map[string]any); ok {
			known = before
		}
		in.Facts["artifacts"] = known
		text, there, err := f.Artifact(ctx, want.Artifact, reader(rule, team, want.Artifact))
		var unreadable *facts.UnreadableError
		var missing *facts.MissingError
		switch {
		case errors.As(err, &unreadable):
			at := fmt.Sprintf("artifact(%q)", want.Artifact)
			return nil, &rules.EvalError{Team: rule.Team, Rule: rule.Name, Clause: at, File: rule.File, Line: rule.Line, Field: at, Err: unreadable}
		case errors.As(err, &missing):
			return &rules.Decision{Stopped: missing.Error()}, nil
		case err != nil:
			return nil, &unfetchedError{err}
		}
		known[want.Artifact] = nil
		if there {
			known[want.Artifact] = text
		}
	}
}

// reader is who an artifact is read as: the rule where its team was granted that, else anybody.
func reader(rule *rules.Rule, team *rules.Team, name string) taskcluster.Caller {
	scope := "queue:get-artifact:" + name
	if team == nil || !team.Grants(scope) {
		return taskcluster.Caller{}
	}
	return taskcluster.Caller{Name: rule.Team + "/" + rule.Name, Scopes: []string{scope}}
}
