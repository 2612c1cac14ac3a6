package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// write adds the package's files.
func (p *pkg) write(files map[string][]byte) error {
	parts := map[string]func(*gofile) error{"types.go": p.writeTypes}
	switch {
	case p.events:
		parts["bindings.go"] = p.writeBindings
	case p.service != nil:
		parts["client.go"] = p.writeClient
		parts["calls.go"] = p.writeCalls
		parts["options.go"] = p.writeOptions
	}
	for name, write := range parts {
		f := newFile(p.name)
		if name == "bindings.go" || name == "client.go" || p.service == nil {
			f.doc = p.comment()
		}
		if err := write(f); err != nil {
			return err
		}
		if f.body.Len() == 0 {
			continue
		}
		text, err := f.bytes()
		if err != nil {
			return err
		}
		files[p.name+"/"+name] = text
	}
	return nil
}

// comment is the package's.
func (p *pkg) comment() string {
	var b strings.Builder
	switch {
	case p.events:
		fmt.Fprintf(&b, "Package %s is about what %s publishes on pulse: patterns to bind a queue by, and the types of messages.", p.name, p.label())
		fmt.Fprintf(&b, "\n\nFor each exchange there is a struct of its name that has the fields of the routing key. Those that are set have to match, the others may be anything.")
	case p.service != nil:
		fmt.Fprintf(&b, "Package %s calls %s. Begin with [New].", p.name, p.label())
		fmt.Fprintf(&b, "\n\nEach method of [%s] is one call, named as in the service's reference. Errors are those of [taskcluster.Client.Do]. A field that may be absent in a payload or an answer is nil then, or has a zero value that is never sent.", p.client())
	default:
		fmt.Fprintf(&b, "Package %s has the types of the schemas in %s.", p.name, folder(p.files))
	}
	if p.source.past {
		fmt.Fprintf(&b, "\n\nDeprecated: the service is gone; the package is for code of 2018, and for deployments of that time.")
	}
	return b.String()
}

func folder(files []string) string {
	name, _, _ := strings.Cut(files[0], "/")
	return name
}

// writeClient writes the type that makes the calls.
func (p *pkg) writeClient(f *gofile) error {
	name := p.client()
	tc := f.use(taskclusterPath)
	for _, m := range p.service.Methods {
		if model.ExportedName(m.Name) == "API" || model.ExportedName(m.Name) == "As" {
			return fmt.Errorf("method %s has the name of something else", m.Name)
		}
	}
	f.comment(fmt.Sprintf("%s calls %s. It is safe for use by many goroutines while nobody changes the fields of API.", name, p.label()))
	f.printf("type %s struct {\n// API makes the calls. Its fields say how: by what credentials, how often they are tried, for how long.\nAPI *%s.Client\n}\n", name, tc)
	if p.source.past {
		f.comment(fmt.Sprintf("BaseURL is where %s was.", p.label()))
		f.printf("const BaseURL = %q\n", p.service.BaseURL)
		f.comment("New makes calls to BaseURL. Nil credentials make calls that aren't signed. For a deployment elsewhere, set API.BaseURL.")
		f.printf("func New(credentials *%s.Credentials) *%s {", tc, name)
		f.printf("client := %s.NewClient(credentials, \"\", %q)\nclient.BaseURL = BaseURL\nreturn &%s{API: client}\n}\n", tc, p.service.Name, name)
	} else {
		f.comment("New makes calls to the deployment at rootURL. Nil credentials make calls that aren't signed. A root URL that is none is told by the first call.")
		f.printf("func New(credentials *%s.Credentials, rootURL string) *%s {", tc, name)
		f.printf("return &%s{API: %s.NewClient(credentials, rootURL, %q)}\n}\n", name, tc, p.service.Name)
		f.comment("NewFromEnv makes calls as the environment says: see [taskcluster.NewClientFromEnv].")
		f.printf("func NewFromEnv() *%s { return &%s{API: %s.NewClientFromEnv(%q)} }\n", name, name, tc, p.service.Name)
	}
	f.comment("As makes calls for a caller: signed with temporary credentials of the caller's name and no scopes but the caller's. See [taskcluster.Client.As].")
	f.printf("func (%s *%s) As(caller %s.Caller) *%s { return &%s{API: %s.API.As(caller)} }\n", p.receiver(), name, tc, name, name, p.receiver())
	return nil
}

// receiver is the name of the client in its methods.
func (p *pkg) receiver() string { return strings.ToLower(p.client()[:1]) }

// writeOptions writes a struct for the query of each method that has one.
func (p *pkg) writeOptions(f *gofile) error {
	for _, m := range p.service.Methods {
		if len(m.Query) == 0 {
			continue
		}
		name := optionsName(m)
		f.comment(fmt.Sprintf("%s is the query of [%s.%s]. What has its zero value is left out.", name, p.client(), model.ExportedName(m.Name)))
		f.printf("type %s struct {", name)
		for _, option := range m.Query {
			f.printf("%s %s%s", model.ExportedName(option), optionType(option), optionRemark(option))
		}
		f.printf("}\n")
		values := f.use("net/url") + ".Values"
		f.printf("func (o *%s) query() %s {\nquery := %s{}\nif o == nil {\nreturn query\n}", name, values, values)
		for _, option := range m.Query {
			field := "o." + model.ExportedName(option)
			if optionType(option) == "int" {
				f.printf("if %s != 0 {\nquery.Set(%q, %s.Itoa(%s))\n}", field, option, f.use("strconv"), field)
				continue
			}
			f.printf("if %s != \"\" {\nquery.Set(%q, %s)\n}", field, option, field)
		}
		f.printf("return query\n}\n")
	}
	return nil
}

func optionsName(m *model.Method) string { return model.ExportedName(m.Name) + "Options" }

func optionType(option string) string {
	if option == "limit" {
		return "int"
	}
	return "string"
}

func optionRemark(option string) string {
	switch option {
	case "limit":
		return " // how many at most; 0: as many as the service likes"
	case "continuationToken":
		return " // of the page before; \"\": the first page"
	}
	return ""
}
