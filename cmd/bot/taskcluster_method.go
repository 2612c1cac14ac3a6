package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/rules/yamlfile"
	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/api/tcauth"
	"verdict/taskcluster/scopes"
)

// services are the names of Taskcluster's services.
func services() []string {
	var names []string
	for _, m := range methods.All {
		if !slices.Contains(names, m.Service) {
			names = append(names, m.Service)
		}
	}
	return names
}

// methodsOf are the methods of a service, in the order of its reference.
func methodsOf(service string) ([]*scopes.Method, error) {
	var found []*scopes.Method
	for i := range methods.All {
		if methods.All[i].Service == service {
			found = append(found, &methods.All[i])
		}
	}
	if found == nil {
		return nil, unknown("service", service, services())
	}
	return found, nil
}

func methodOf(service, name string) (*scopes.Method, error) {
	all, err := methodsOf(service)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return nil, unknown("method of "+service, name, names)
}

func unknown(kind, name string, known []string) error {
	return fmt.Errorf("%q is no %s; %s", name, kind, yamlfile.DidYouMean(name, known))
}

// completeMethod completes SERVICE METHOD.
func completeMethod(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return services(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		var names []string
		all, err := methodsOf(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, m := range all {
			names = append(names, m.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// methodCall is a call as it was asked for on the command line.
type methodCall struct {
	*deployment
	method  *scopes.Method
	request scopes.Request
	// scopes are what it is signed with; nil: no more than it needs.
	scopes []string
}

// methodFlags are the flags that say more about a call.
type methodFlags struct {
	query, scopes []string
	payload       string
}

func (f *methodFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.query, "query", nil, "an option of the query, name=value; may be repeated")
	cmd.Flags().StringArrayVar(&f.scopes, "scope", nil, "a scope to sign with, in the place of those that the call needs; may be repeated")
}

// methodCall reads SERVICE METHOD [ARGS…], and refuses what the service would refuse.
func (g *global) methodCall(cmd *cobra.Command, args []string, f methodFlags) (*methodCall, error) {
	m, err := methodOf(args[0], args[1])
	if err != nil {
		return nil, err
	}
	c := &methodCall{method: m, scopes: f.scopes, request: scopes.Request{Args: map[string]string{}, Query: url.Values{}}}
	if args = args[2:]; len(args) != len(m.Args) {
		return nil, fmt.Errorf("%s.%s takes %s, not %s", m.Service, m.Name, orNothing(m.Args), plural(len(args), "argument"))
	}
	for i, name := range m.Args {
		c.request.Args[name] = args[i]
	}
	for _, option := range f.query {
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return nil, fmt.Errorf("--query %s: write name=value", option)
		}
		if !slices.Contains(m.Query, name) {
			return nil, unknown(fmt.Sprintf("option of %s.%s (%s)", m.Service, m.Name, orNothing(m.Query)), name, m.Query)
		}
		c.request.Query.Add(name, value)
	}
	if c.request.Payload, err = payloadFor(cmd, m, f.payload); err != nil {
		return nil, err
	}
	c.deployment, err = g.deployment(cmd)
	return c, err
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "no arguments"
	}
	return strings.Join(names, ", ")
}

func payloadFor(cmd *cobra.Command, m *scopes.Method, file string) (json.RawMessage, error) {
	switch {
	case file == "" && m.Input != "":
		return nil, fmt.Errorf("%s.%s takes a payload: --payload FILE, or - for what comes in", m.Service, m.Name)
	case file == "":
		return nil, nil
	case m.Input == "":
		return nil, fmt.Errorf("%s.%s takes no payload", m.Service, m.Name)
	}
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(cmd.InOrStdin())
	} else {
		text, err = os.ReadFile(file)
	}
	if err == nil && !json.Valid(text) {
		err = fmt.Errorf("%s is not JSON", file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the payload: %w", err)
	}
	return text, nil
}

// call is what is sent.
func (c *methodCall) call() taskcluster.Call {
	path := c.method.Route
	for name, value := range c.request.Args {
		path = strings.ReplaceAll(path, "<"+name+">", url.PathEscape(value))
	}
	out := taskcluster.Call{Name: c.method.Name, Method: c.method.Verb, Path: path, Query: c.request.Query}
	if c.request.Payload != nil {
		out.Payload = c.request.Payload
	}
	return out
}

// client is one of a service that signs with all that the credentials have.
func (d *deployment) client(service string) *taskcluster.Client {
	c := &taskcluster.Client{RootURL: d.rootURL, Service: service, Source: d.source, Authenticate: d.source != nil}
	if d.http != nil {
		c.HTTPClient = d.http
	}
	return c
}

// limited is a client that signs with no more scopes than the call needs, or with those that were named. What needs
// none isn't signed, and what a proxy signs is the proxy's.
func (c *methodCall) limited(ctx context.Context) (*taskcluster.Client, error) {
	client := c.client(c.method.Service)
	if c.source == nil {
		if c.scopes != nil {
			return nil, errors.New("--scope: there are no credentials to sign with")
		}
		return client, nil
	}
	if c.method.Scopes == nil && c.scopes == nil {
		client.Authenticate = false
		return client, nil
	}
	need := c.scopes
	if need == nil {
		var err error
		if need, err = c.needed(ctx); err != nil {
			return nil, err
		}
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	narrow := *creds
	narrow.AuthorizedScopes = need
	client.Source, client.Credentials = nil, &narrow
	return client, nil
}

// needed are the scopes that the call takes. What the request doesn't carry is asked for; where there are
// alternatives, what the client has decides.
func (c *methodCall) needed(ctx context.Context) ([]string, error) {
	var granted []string
	if alternatives(c.method.Scopes) {
		auth := tcauth.Auth{API: c.client("auth")}
		if current, err := auth.CurrentScopes(ctx); err == nil {
			granted = current.Scopes // else the first alternative is tried
		}
	}
	c.request.Known = map[scopes.Origin]json.RawMessage{}
	for {
		need, err := c.method.Needed(c.request, granted)
		var unasked *scopes.LookupError
		if !errors.As(err, &unasked) {
			return need, err
		}
		m, err := methodOf(unasked.Service, unasked.Method)
		if err != nil {
			return nil, err
		}
		arg := c.request.Args[unasked.Arg]
		var answer json.RawMessage
		look := taskcluster.Call{Name: m.Name, Method: http.MethodGet, Path: strings.ReplaceAll(m.Route, "<"+unasked.Arg+">", url.PathEscape(arg))}
		if err := c.client(m.Service).Do(ctx, look, &answer); err != nil {
			return nil, fmt.Errorf("ask what the scopes of %s.%s depend on: %w", c.method.Service, c.method.Name, err)
		}
		c.request.Known[unasked.Origin] = answer
	}
}

// alternatives says whether an expression leaves a choice.
func alternatives(e *scopes.Expression) bool {
	if e == nil {
		return false
	}
	return len(e.AnyOf) > 0 || alternatives(e.Each) || alternatives(e.Then) || alternatives(e.Else) ||
		slices.ContainsFunc(e.AllOf, func(part scopes.Expression) bool { return alternatives(&part) })
}

// explain adds to an answer that refuses what the call needs.
func (c *methodCall) explain(client *taskcluster.Client, err error) error {
	if !errors.Is(err, taskcluster.ErrScopes) || client.Credentials == nil {
		return errors.New(c.clean(err.Error()))
	}
	return fmt.Errorf("%s; it was signed with %s, --scope signs with others", c.clean(err.Error()), strings.Join(client.Credentials.AuthorizedScopes, " "))
}
