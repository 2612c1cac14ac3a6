package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// apiPath is the import path of the folder that generated packages are in.
const apiPath = "verdict/taskcluster/api/"

// source is a set of references and the packages that come of it.
type source struct {
	references *model.References
	types      *model.Types
	past       bool // its services are gone
	packages   []*pkg
	owner      map[string]*pkg // by schema file: where its types are

	same  map[*model.Type]*model.Type // enums that are written as another is
	names map[*model.Type]string      // of types that aren't called as where they stand
}

// pkg is one generated package: a service's methods, a service's exchanges, or
// just types.
type pkg struct {
	source  *source
	name    string // "tcqueue"
	service *model.Service
	events  bool     // it has the service's exchanges, not its methods
	files   []string // the schemas whose types it has, by name
	inputs  map[*model.Type]bool
}

// plan decides which packages there are, and which types each has. A schema that
// a service's methods use is in the service's package, one that only its
// messages use in that of its events. The others go to the service whose folder
// they are in, or, where that is no service (the payloads of workers, the
// formats of references), into a package of their own.
func plan(references *model.References, past bool) *source {
	s := &source{references: references, types: references.Types(), past: past, owner: map[string]*pkg{}, same: map[*model.Type]*model.Type{}, names: map[*model.Type]string{}}
	for _, service := range references.Services {
		if len(service.Methods) > 0 {
			s.add(&pkg{name: packageName(service.Name), service: service}, methodSchemas(service))
		}
	}
	for _, service := range references.Services {
		if len(service.Exchanges) > 0 {
			s.add(&pkg{name: packageName(service.Name) + "events", service: service, events: true}, exchangeSchemas(service))
		}
	}
	for _, file := range references.Files {
		if s.owner[file] == nil {
			folder, _, _ := strings.Cut(file, "/")
			s.own(s.packageOf(folder), file)
		}
	}
	for _, p := range s.packages {
		slices.Sort(p.files)
	}
	s.shareEnums()
	return s
}

// add makes a package the owner of these files, and of what they refer to,
// as far as they have no owner yet.
func (s *source) add(p *pkg, files []string) {
	p.source = s
	s.packages = append(s.packages, p)
	for _, file := range s.references.Closure(files...) {
		if s.owner[file] == nil {
			s.own(p, file)
		}
	}
}

func (s *source) own(p *pkg, file string) {
	s.owner[file] = p
	p.files = append(p.files, file)
}

// packageOf is the package for schemas of a folder that nothing uses.
func (s *source) packageOf(folder string) *pkg {
	name := packageName(folder)
	for _, p := range s.packages {
		if p.name == name || p.name == name+"events" {
			return p
		}
	}
	p := &pkg{name: name}
	s.add(p, nil)
	return p
}

// packageName is the name of a service's package: tcworkermanager.
func packageName(service string) string {
	return "tc" + strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(service))
}

func methodSchemas(s *model.Service) []string {
	var files []string
	for _, m := range s.Methods {
		files = append(files, m.Input, m.Output)
	}
	return files
}

func exchangeSchemas(s *model.Service) []string {
	var files []string
	for _, e := range s.Exchanges {
		files = append(files, e.Schema)
	}
	return files
}

// fileName is the name that the types of a schema's file begin with:
// TaskStatusResponse for queue/v1/task-status-response.json. Where an exchange
// has it already, the type is its message.
func (p *pkg) fileName(file string) string {
	name := model.ExportedName(strings.TrimSuffix(path.Base(file), ".json"))
	if p.events {
		for _, e := range p.service.Exchanges {
			if model.ExportedName(e.Name) == name {
				return name + "Message"
			}
		}
	}
	return name
}

// client is the name of the type that makes a service's calls.
func (p *pkg) client() string { return model.ExportedName(p.service.Name) }

// label is what comments call the service.
func (p *pkg) label() string {
	if p.source.past {
		return fmt.Sprintf("the %s service of 2018", p.service.Name)
	}
	return fmt.Sprintf("the %s service", p.service.Name)
}

// generate gives the files of all packages, named relative to the folder that
// they go to.
func generate(today, past *model.References) (map[string][]byte, error) {
	sources := []*source{plan(today, false), plan(past, true)}
	files := map[string][]byte{}
	for _, s := range sources {
		for _, p := range s.packages {
			if err := p.write(files); err != nil {
				return nil, fmt.Errorf("write package %s: %w", p.name, err)
			}
		}
	}
	if err := writeExchanges(files, sources); err != nil {
		return nil, err
	}
	if err := writePayloads(files, sources); err != nil {
		return nil, err
	}
	return files, writeMethods(files, sources)
}
