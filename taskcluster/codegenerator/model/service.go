package model

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// reference is an api.json or exchanges.json as it stands.
type reference struct {
	ServiceName string `json:"serviceName"`
	// Name was the service's name in references of 2017 and before.
	Name            string            `json:"name"`
	BaseURL         string            `json:"baseUrl"`
	DeployedBaseURL string            `json:"x-baseUrl-deployed"` // where BaseURL is a developer's own
	ExchangePrefix  string            `json:"exchangePrefix"`
	Entries         []json.RawMessage `json:"entries"`
}

type methodEntry struct {
	Name      string          `json:"name"`
	Method    string          `json:"method"`
	Route     string          `json:"route"`
	Args      []string        `json:"args"`
	Query     []string        `json:"query"`
	Scopes    json.RawMessage `json:"scopes"`
	Stability string          `json:"stability"`
	Input     string          `json:"input"`
	Output    string          `json:"output"`
}

type exchangeEntry struct {
	Name       string            `json:"name"`
	Exchange   string            `json:"exchange"`
	Schema     string            `json:"schema"`
	RoutingKey []RoutingKeyField `json:"routingKey"`
}

// parseService reads an api.json or exchanges.json; nil for any other document.
func parseService(d Document) (*Service, error) {
	api, exchanges := strings.HasSuffix(d.Filename, "/api.json"), strings.HasSuffix(d.Filename, "/exchanges.json")
	if !strings.HasPrefix(d.Filename, "references/") || !api && !exchanges {
		return nil, nil
	}
	var ref reference
	if err := json.Unmarshal(d.Content, &ref); err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Filename, err)
	}
	service := &Service{Name: ref.ServiceName, BaseURL: ref.BaseURL, ExchangePrefix: ref.ExchangePrefix}
	if service.Name == "" {
		service.Name = ref.Name
	}
	if ref.DeployedBaseURL != "" {
		service.BaseURL = ref.DeployedBaseURL
	}
	if !validName.MatchString(service.Name) {
		return nil, fmt.Errorf("read %s: %q can't be the name of a service", d.Filename, service.Name)
	}
	for i, entry := range ref.Entries {
		var err error
		if api {
			err = service.addMethod(entry)
		} else {
			err = service.addExchange(entry)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: entry %d: %w", d.Filename, i, err)
		}
	}
	return service, nil
}

var (
	validName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	validRoute = regexp.MustCompile(`^(/([A-Za-z0-9_.-]*|<[A-Za-z][A-Za-z0-9]*>))+$`)
	routeArg   = regexp.MustCompile(`<([^>]*)>`)
	validFile  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+$`)
	validWords = regexp.MustCompile(`^[A-Za-z0-9/._-]*$`)
)

func (s *Service) addMethod(data json.RawMessage) error {
	var e methodEntry
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	m := &Method{
		Name: e.Name, HTTP: strings.ToUpper(e.Method), Route: e.Route, Query: slices.Clone(e.Query), Scopes: e.Scopes, Stability: e.Stability,
		Input: schemaFile(s.Name, e.Input), Output: schemaFile(s.Name, e.Output),
	}
	slices.Sort(m.Query)
	for _, arg := range routeArg.FindAllStringSubmatch(m.Route, -1) {
		m.Args = append(m.Args, arg[1])
	}
	switch {
	case !validName.MatchString(m.Name):
		return fmt.Errorf("%q can't be the name of a method", m.Name)
	case !validRoute.MatchString(m.Route):
		return fmt.Errorf("method %s: route %q has other parts than words and <arguments>", m.Name, m.Route)
	case !slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"}, m.HTTP):
		return fmt.Errorf("method %s: %q isn't an HTTP method", m.Name, m.HTTP)
	case !slices.Equal(slices.Sorted(slices.Values(m.Args)), slices.Sorted(slices.Values(e.Args))):
		return fmt.Errorf("method %s: arguments %q, but the route is %s", m.Name, e.Args, m.Route)
	}
	for _, name := range m.Query {
		if !validName.MatchString(name) {
			return fmt.Errorf("method %s: %q can't be the name of a query option", m.Name, name)
		}
	}
	s.Methods = append(s.Methods, m)
	return nil
}

func (s *Service) addExchange(data json.RawMessage) error {
	var e exchangeEntry
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	x := &Exchange{Name: e.Name, Exchange: e.Exchange, Schema: schemaFile(s.Name, e.Schema), RoutingKey: e.RoutingKey}
	switch {
	case !validName.MatchString(x.Name), !validName.MatchString(x.Exchange):
		return fmt.Errorf("%q, %q can't be the name of an exchange", x.Name, x.Exchange)
	case !validWords.MatchString(s.ExchangePrefix):
		return fmt.Errorf("%q can't begin an exchange's name", s.ExchangePrefix)
	case x.Schema == "":
		return fmt.Errorf("exchange %s has no schema", x.Name)
	}
	for _, field := range x.RoutingKey {
		if !validName.MatchString(field.Name) || !validWords.MatchString(field.Constant) {
			return fmt.Errorf("exchange %s: %q can't be a field of a routing key", x.Name, field.Name)
		}
	}
	s.Exchanges = append(s.Exchanges, x)
	return nil
}

// schemaFile is the file that a reference names by its service and version:
// queue/v1/task.json for v1/task.json#. What isn't a file of schemas ("blob",
// an answer that isn't JSON) is none.
func schemaFile(service, name string) string {
	name = strings.TrimSuffix(name, "#")
	if !strings.HasSuffix(name, ".json") {
		return ""
	}
	if absolute, ok := strings.CutPrefix(name, "/schemas/"); ok {
		return absolute
	}
	return service + "/" + name
}
