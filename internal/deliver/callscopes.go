package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"verdict/rules"
	"verdict/rules/jsone"
	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

// unknownThere stands for the answers of Taskcluster that scopes depend on, when a rule is loaded.
var unknownThere = json.RawMessage(fmt.Sprintf(
	`{"schedulerId":%[1]q,"taskGroupId":%[1]q,"projectId":%[1]q,"taskQueueId":"%[1]s/%[1]s","expandedScopes":[]}`, jsone.Hole))

// CallScopes are the scopes that a call takes, the least that granted allows: for rules.Sources.
func CallScopes(call rules.Call, granted []string) ([]string, error) {
	m, request, err := requestOf(call.Method, call.With, call.Payload)
	if err != nil {
		return nil, err
	}
	request.Known = map[scopes.Origin]json.RawMessage{}
	for _, l := range m.Lookups() {
		request.Known[l.Origin] = unknownThere
	}
	return m.Needed(request, granted)
}

// requestOf is a call as the reference's expressions read it.
func requestOf(name string, with map[string]string, payload any) (*scopes.Method, scopes.Request, error) {
	service, method, _ := strings.Cut(name, ".")
	m := scopes.Find(methods.All, service, method)
	if m == nil {
		return nil, scopes.Request{}, fmt.Errorf("%w: Taskcluster has no method %s", taskcluster.ErrInvalid, name)
	}
	r := scopes.Request{Args: map[string]string{}, Query: url.Values{}, Known: map[scopes.Origin]json.RawMessage{}}
	for key, value := range with {
		switch {
		case slices.Contains(m.Args, key):
			r.Args[key] = value
		case slices.Contains(m.Query, key):
			r.Query.Set(key, value)
		default:
			return nil, r, fmt.Errorf("%w: %s has no parameter %s", taskcluster.ErrInvalid, name, key)
		}
	}
	for _, arg := range m.Args {
		if r.Args[arg] == "" || r.Args[arg] == "." || r.Args[arg] == ".." {
			return nil, r, fmt.Errorf("%w: the parameter %s of %s is missing, or none", taskcluster.ErrInvalid, arg, name)
		}
	}
	if payload != nil {
		var err error
		if r.Payload, err = json.Marshal(payload); err != nil {
			return nil, r, fmt.Errorf("encode the payload of %s: %w", name, err)
		}
	}
	return m, r, nil
}

// sent is what goes to the service.
func sent(m *scopes.Method, r scopes.Request) taskcluster.Call {
	path := m.Route
	for name, value := range r.Args {
		path = strings.ReplaceAll(path, "<"+name+">", url.PathEscape(value))
	}
	out := taskcluster.Call{Name: m.Name, Method: m.Verb, Path: path, Query: r.Query}
	if r.Payload != nil {
		out.Payload = r.Payload
	}
	return out
}

// callNeeds are the scopes that this one call is signed with: exactly those that it needs, if the team was granted them
// for whoever is behind the patchset. What can't be is a taskRefusal.
func (r *laneRun) callNeeds(ctx context.Context, w work, m *scopes.Method, request scopes.Request) (signature, error) {
	of := subject{kind: w.Kind, name: strings.TrimPrefix(w.Key, w.Kind+":")}
	return r.sign(ctx, w, of, func(granted []string) ([]string, error) {
		for range len(m.Lookups()) + 1 {
			need, err := m.Needed(request, granted)
			var unasked *scopes.LookupError
			if !errors.As(err, &unasked) {
				return need, err
			}
			if request.Known[unasked.Origin], err = r.lookUp(ctx, unasked, request); err != nil {
				return nil, err
			}
		}
		return m.Needed(request, granted)
	})
}

// lookUp asks what the scopes depend on.
func (r *laneRun) lookUp(ctx context.Context, of *scopes.LookupError, request scopes.Request) (json.RawMessage, error) {
	m, asked, err := requestOf(of.Service+"."+of.Method, map[string]string{of.Arg: request.Args[of.Arg]}, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.d.Timeout)
	defer cancel()
	call := sent(m, asked)
	call.Method = http.MethodGet
	answer, err := r.d.Services.Call(ctx, m.Service, call, taskcluster.Caller{})
	if err != nil {
		return nil, &lookupFailedError{err}
	}
	return answer, nil
}

// lookupFailedError is an answer that was wanted to tell the scopes of a call: it may be there another time.
type lookupFailedError struct{ error }

func (e *lookupFailedError) Unwrap() error { return e.error }

func passing(err error) bool {
	var failed *lookupFailedError
	return errors.As(err, &failed) && !final(err)
}

// final says whether an error of Taskcluster is one that no repeat changes.
func final(err error) bool {
	return slices.ContainsFunc([]error{
		taskcluster.ErrScopes, taskcluster.ErrInvalid, taskcluster.ErrNotFound, taskcluster.ErrConflict, taskcluster.ErrHeaderTooLong,
	}, func(known error) bool { return errors.Is(err, known) })
}
