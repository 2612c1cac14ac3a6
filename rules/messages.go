package rules

import (
	"maps"
	"slices"
)

// Messages are the types of what exchanges carry. There is one value for the whole process: what is compiled for it is
// kept as long as it.
type Messages struct {
	// Of is the type of an exchange's messages, by the name that rules use. An exchange that isn't in it carries
	// what nobody knows.
	Of map[string]string
	// Types are the fields of these types, and of what they hold. Their names are apart from those of Types().
	Types map[string][]Field
}

// event is the type of `event` where all triggers are on exchanges whose messages have the same type; else dyn.
func (m *Messages) event(on []Trigger, prefix string) string {
	if m == nil {
		return dyn
	}
	typ := ""
	for _, t := range on {
		if t.Source != "pulse" {
			return dyn
		}
		of := m.Of[ShortExchangeName(prefix, longName(prefix, t.Type))]
		if of == "" || typ != "" && typ != of {
			return dyn
		}
		typ = of
	}
	if typ == "" {
		return dyn
	}
	return typ
}

// types are all types that a rule may meet.
func (m *Messages) types() map[string][]Field {
	if m == nil {
		return structs
	}
	all := maps.Clone(m.Types)
	maps.Copy(all, structs)
	return all
}

// Exchanges are those whose messages have a type, sorted.
func (m *Messages) Exchanges() []string { return slices.Sorted(maps.Keys(m.Of)) }
