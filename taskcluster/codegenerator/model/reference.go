package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// References are all services and schemas of a deployment.
type References struct {
	Services []*Service // by name
	Files    []string   // of schemas, by name
	schemas  map[string]*Schema
}

// Service is one service: its methods, its exchanges or both.
type Service struct {
	Name           string // "worker-manager"
	BaseURL        string // where it was in 2018; "" since services are below a root URL
	Methods        []*Method
	ExchangePrefix string // "exchange/taskcluster-queue/v1/"
	Exchanges      []*Exchange
}

// Method is one call that a service takes.
type Method struct {
	Name      string
	HTTP      string          // "GET"
	Route     string          // "/task/<taskId>/status"
	Args      []string        // what the route has between < and >, in its order
	Query     []string        // by name
	Scopes    json.RawMessage // the expression; nil: the method needs none
	Stability string          // "stable", "experimental", "deprecated"
	Input     string          // the payload's schema, "queue/v1/create-task-request.json"; "": there is none
	Output    string          // the answer's schema; "": the reference doesn't say
}

// Exchange is one exchange that a service publishes to.
type Exchange struct {
	Name       string // "taskFailed"
	Exchange   string // "task-failed", behind the service's prefix
	Schema     string // the messages' schema
	RoutingKey []RoutingKeyField
}

// RoutingKeyField is one field of a routing key.
type RoutingKeyField struct {
	Name          string `json:"name"`
	Required      bool   `json:"required"` // it is never "_", which stands for nothing
	MultipleWords bool   `json:"multipleWords"`
	Constant      string `json:"constant"` // what it always is; "": it varies
}

// New reads documents. Logs, metrics and the manifest are left out.
func New(documents []Document) (*References, error) {
	r := &References{schemas: map[string]*Schema{}}
	for _, d := range documents {
		if file, ok := strings.CutPrefix(d.Filename, "schemas/"); ok {
			if !validFile.MatchString(file) {
				return nil, fmt.Errorf("%q can't be the file of a schema", file)
			}
			schema, err := parseSchema(file, d.Content)
			if err != nil {
				return nil, err
			}
			if r.schemas[file] != nil {
				return nil, fmt.Errorf("schema %s is there twice", file)
			}
			r.schemas[file] = schema
			r.Files = append(r.Files, file)
			continue
		}
		service, err := parseService(d)
		if err != nil {
			return nil, err
		}
		if service != nil {
			r.add(service)
		}
	}
	slices.Sort(r.Files)
	slices.SortFunc(r.Services, func(a, b *Service) int { return strings.Compare(a.Name, b.Name) })
	return r, r.check()
}

// add joins what two documents say of one service.
func (r *References) add(s *Service) {
	for _, known := range r.Services {
		if known.Name == s.Name {
			known.Methods = append(known.Methods, s.Methods...)
			known.Exchanges = append(known.Exchanges, s.Exchanges...)
			known.BaseURL += s.BaseURL
			known.ExchangePrefix += s.ExchangePrefix
			return
		}
	}
	r.Services = append(r.Services, s)
}

// check finds schemas that are named and missing.
func (r *References) check() error {
	for _, s := range r.Services {
		for _, file := range s.schemas() {
			if r.schemas[file] == nil {
				return fmt.Errorf("service %s names schema %s, which isn't there", s.Name, file)
			}
		}
	}
	return nil
}

// schemas are the files that the service's methods and exchanges name.
func (s *Service) schemas() []string {
	var files []string
	for _, m := range s.Methods {
		files = append(files, m.Input, m.Output)
	}
	for _, e := range s.Exchanges {
		files = append(files, e.Schema)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	return slices.DeleteFunc(files, func(file string) bool { return file == "" })
}

// Closure are the files given and all that they refer to, by name.
func (r *References) Closure(files ...string) []string {
	seen := map[string]bool{}
	var visit func(file string)
	visit = func(file string) {
		if seen[file] || r.schemas[file] == nil {
			return
		}
		seen[file] = true
		r.schemas[file].walk(func(s *Schema) {
			if at, ok := parseLocation(s.Ref); ok {
				visit(at.File)
			}
		})
	}
	for _, file := range files {
		visit(file)
	}
	return sortedKeys(seen)
}

// lookup is the schema at a location.
func (r *References) lookup(at Location) *Schema {
	s, rest := r.schemas[at.File], at.Steps()
	for s != nil && len(rest) > 0 {
		s, rest = s.step(rest)
	}
	return s
}
