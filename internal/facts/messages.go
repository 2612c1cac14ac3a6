package facts

import (
	"fmt"
	"slices"
	"sync"

	"verdict/rules"
	"verdict/taskcluster/api/exchanges"
)

// Messages are the types of `event` in rules on Taskcluster's exchanges: what its references say of today's messages.
// An object that may have more than the reference names, and what has several forms, is dyn. Texts of a message are an
// outsider's, but for those of a closed list: who may make a task may choose them.
var Messages = sync.OnceValue(func() *rules.Messages {
	m := &messages{
		out:  &rules.Messages{Of: map[string]string{}, Types: map[string][]rules.Field{}},
		done: map[*exchanges.Type]string{}, same: map[string]string{},
	}
	for i := range exchanges.All {
		e := &exchanges.All[i]
		if e.Message == nil || e.Message.Kind != exchanges.Struct {
			continue
		}
		if name := m.typeOf(e.Message, e.Name); name != "dyn" {
			m.out.Of[e.Name] = name
		}
	}
	return m.out
})

// messages collects types. Those with the same fields are one type, called by where it was met first.
type messages struct {
	out  *rules.Messages
	done map[*exchanges.Type]string
	same map[string]string
}

func (m *messages) typeOf(t *exchanges.Type, name string) string {
	switch t.Kind {
	case exchanges.String:
		return "string"
	case exchanges.Time:
		return "timestamp"
	case exchanges.Integer:
		return "int"
	case exchanges.Bool:
		return "bool"
	case exchanges.List:
		if t.Elem.Kind == exchanges.Time { // a list's items are as they were sent
			return "list<string>"
		}
		return "list<" + m.typeOf(t.Elem, name) + ">"
	case exchanges.Map:
		if t.Elem.Kind == exchanges.String {
			return "map<string>"
		}
	case exchanges.Struct:
		return m.object(t, name)
	}
	return "dyn"
}

func (m *messages) object(t *exchanges.Type, name string) string {
	if t.Open || len(t.Fields) == 0 {
		return "dyn"
	}
	if done, ok := m.done[t]; ok {
		return done
	}
	fields := make([]rules.Field, 0, len(t.Fields))
	for _, f := range t.Fields {
		fields = append(fields, m.field(f, name))
	}
	key := fmt.Sprintf("%#v", fields)
	if _, ok := m.same[key]; !ok {
		m.same[key], m.out.Types[name] = name, fields
	}
	m.done[t] = m.same[key]
	return m.same[key]
}

func (m *messages) field(f exchanges.Field, of string) rules.Field {
	out := rules.Field{Name: f.Name, Type: m.typeOf(f.Type, of+"."+f.Name), Values: slices.Clone(f.Type.Values)}
	switch {
	case slices.Contains(hardlyAbsent, of+"."+f.Name):
	case f.Optional:
		out.Absent = "where the message leaves it out"
	case f.Type.Nullable:
		out.Absent = "where it is null"
	}
	switch out.Type {
	case "string", "dyn", "map<string>", "list<string>", "list<dyn>":
		out.Outsider = len(out.Values) == 0
	}
	return out
}

// hardlyAbsent are fields that needn't be guarded though a message may leave them out: task-exception has no run only
// where a task ended that never had one. A rule that names it then is told so as an error, never as a silent "no".
var hardlyAbsent = []string{"queue/task-exception.runId"}
