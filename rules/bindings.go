package rules

import (
	"cmp"
	"slices"
)

// maxBindings is how many patterns one exchange may have; beyond it everything is taken.
const maxBindings = 64

// Bindings are what the bot's queue has to be bound to, sorted: the exchanges that rules name, with their routing
// keys, and those that tell of tasks and groups where rules are on tasks and groups. exchangePrefix is what
// Taskcluster's exchanges begin with, exchange/taskcluster- when empty.
func (s *Set) Bindings(exchangePrefix string) []Binding {
	patterns := map[string]map[string]bool{}
	add := func(exchange, pattern string) {
		if patterns[exchange] == nil {
			patterns[exchange] = map[string]bool{}
		}
		patterns[exchange][pattern] = true
	}
	for _, r := range s.rules {
		for _, t := range r.On {
			switch {
			case r.Mode == Off:
			case t.Source == "pulse" && t.taskRoute != "":
				add(longName(exchangePrefix, t.Type), "route."+t.taskRoute)
			case t.Source == "pulse":
				add(longName(exchangePrefix, t.Type), t.key.pattern())
			default:
				of := feeds(t.Source, t.Type)
				if r.reports() {
					of = append(slices.Clone(of), awaited...)
				}
				for _, name := range of {
					add(longName(exchangePrefix, name), "#")
				}
			}
		}
	}
	var out []Binding
	for exchange, of := range patterns {
		if of["#"] || len(of) > maxBindings {
			of = map[string]bool{"#": true}
		}
		for pattern := range of {
			out = append(out, Binding{Exchange: exchange, RoutingKey: pattern})
		}
	}
	slices.SortFunc(out, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.Exchange, b.Exchange), cmp.Compare(a.RoutingKey, b.RoutingKey))
	})
	return out
}
