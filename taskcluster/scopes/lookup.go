package scopes

import "fmt"

// Lookup is a call whose answer tells what a request doesn't carry.
type Lookup struct {
	Origin  Origin
	Service string
	Method  string
	Arg     string // its one argument, an argument of the request too
}

var lookups = []Lookup{
	{FromTask, "queue", "task", "taskId"},
	{FromGroup, "queue", "getTaskGroup", "taskGroupId"},
	{FromClient, "auth", "client", "clientId"},
	{FromRole, "auth", "role", "roleId"},
}

// LookupError is a parameter that another call's answer would tell.
type LookupError struct {
	Param string
	Lookup
}

func (e *LookupError) Error() string {
	return fmt.Sprintf("parameter %s is told by %s.%s of the %s, which hasn't been asked", e.Param, e.Service, e.Lookup.Method, e.Arg)
}

// Lookups are the calls that may have to be made before Needed can tell what
// this method needs, each once.
func (m *Method) Lookups() []Lookup {
	var asked []Lookup
	for _, l := range lookups {
		for _, d := range m.Derived {
			if d.From == l.Origin {
				asked = append(asked, l)
				break
			}
		}
	}
	return asked
}

func lookupOf(o Origin) (Lookup, bool) {
	for _, l := range lookups {
		if l.Origin == o {
			return l, true
		}
	}
	return Lookup{}, false
}
