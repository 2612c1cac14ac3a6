package taskclustertest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"verdict/taskcluster/api/methods"
)

// endpoint is a method as its reference has it, ready to be called.
type endpoint struct {
	service, name, verb string
	path                *regexp.Regexp // its groups are the parameters
	params              []string
	query               []string
	input               bool
	scopes              *expression // nil: it needs none
	// byPath: the path names all that the scopes depend on.
	byPath bool
	handle func(*Server, *request) answer // nil: nothing but the scopes is known here
}

// endpoints are all methods of all services, by service and verb. Those with
// fewer parameters and more fixed words in their path come first.
var endpoints = sync.OnceValue(compileEndpoints)

func compileEndpoints() map[string][]*endpoint {
	all := map[string][]*endpoint{}
	for _, m := range methods.All {
		e := &endpoint{
			service: m.Service, name: m.Name, verb: m.Verb,
			query: m.Query, input: m.Input != "", scopes: (*expression)(m.Scopes), handle: handlers[m.Service+"."+m.Name],
		}
		if e.handle == nil {
			e.handle = everywhere[m.Name]
		}
		e.path, e.params = compileRoute(m.Route)
		e.byPath = e.scopes != nil && len(without(e.scopes.params(), e.params)) == 0
		key := e.service + " " + e.verb
		all[key] = append(all[key], e)
	}
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b *endpoint) int {
			return cmp.Or(cmp.Compare(len(a.params), len(b.params)), cmp.Compare(len(b.path.String()), len(a.path.String())))
		})
	}
	return all
}

var routeParam = regexp.MustCompile(`<([a-zA-Z0-9]+)>`)

// compileRoute turns a route of a reference into a pattern. A parameter is one
// segment in which slashes are escaped; a name, as artifacts and secrets have
// one, may hold them as they are.
func compileRoute(route string) (*regexp.Regexp, []string) {
	var params []string
	pattern, rest := "^", route
	for {
		at := routeParam.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		name := rest[at[2]:at[3]]
		params = append(params, name)
		pattern += regexp.QuoteMeta(rest[:at[0]])
		rest = rest[at[1]:]
		if name == "name" && rest == "" {
			pattern += "(.+)"
		} else {
			pattern += "([^/]+)"
		}
	}
	return regexp.MustCompile(pattern + regexp.QuoteMeta(rest) + "$"), params
}

// match finds what a request calls; an endpoint without a name is none.
func match(r *http.Request) *request {
	req := &request{Request: r, endpoint: &endpoint{}}
	service, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/api/"), "/v1")
	for _, e := range endpoints()[service+" "+r.Method] {
		found := e.path.FindStringSubmatch(rest)
		if found == nil {
			continue
		}
		params := map[string]string{}
		for i, name := range e.params {
			value, err := url.PathUnescape(found[i+1])
			if err != nil {
				return req
			}
			params[name] = value
		}
		req.endpoint, req.params = e, params
		if len(e.params) > 0 {
			req.id = params[e.params[0]]
		}
		return req
	}
	return req
}

// Behaves reports whether the server does what a method says. Of the others it
// knows the path and the scopes: it refuses who lacks them with 403, and tells
// the others with 501 that nothing was done.
func Behaves(service, method string) bool {
	return handlers[service+"."+method] != nil || everywhere[method] != nil
}

// paramPatterns are what some parameters must match, whatever the method.
var paramPatterns = map[string]*regexp.Regexp{
	"taskId":      slugPattern,
	"taskGroupId": slugPattern,
	"runId":       regexp.MustCompile(`^[1-9]*[0-9]+$`),
	"clientId":    regexp.MustCompile(`^[A-Za-z0-9!@/:.+|_-]+$`),
}

var queryPatterns = map[string]*regexp.Regexp{
	"continuationToken": regexp.MustCompile(`.`),
	"limit":             regexp.MustCompile(`^[0-9]+$`),
}

// check is what is wrong with the path and the query.
func (r *request) check() error {
	var wrong []string
	for _, name := range r.endpoint.params {
		if p := paramPatterns[name]; p != nil && !p.MatchString(r.params[name]) {
			wrong = append(wrong, fmt.Sprintf("URL parameter '%s' given as '%s' must match regular expression: '/%s/'", name, r.params[name], p))
		}
	}
	if wrong != nil {
		return errors.New("Invalid URL patterns:\n" + strings.Join(wrong, "\n"))
	}
	query := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value, pattern := query.Get(name), queryPatterns[name]
		switch {
		case name == "bewit":
		case !slices.Contains(r.endpoint.query, name):
			wrong = append(wrong, fmt.Sprintf("Query-string parameter: %s is not supported!", name))
		case pattern != nil && !pattern.MatchString(value):
			wrong = append(wrong, fmt.Sprintf("Query-string parameter: %s=\"%s\" does not match expression: /%s/", name, value, pattern))
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// without is list less what is in others.
func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}
