package rules

import (
	"fmt"
	"slices"
	"strings"
)

// FieldsPage is the table of facts, and of the messages of exchanges, as a page: docs/fields.md.
func FieldsPage(m *Messages) string {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./docs -update from rules/fields.go and Taskcluster's references. -->\n# Fields\n\n" +
		"What a rule may name, in conditions and in `${…}`. \"Outsider\" marks what somebody can write who needs no permission of the team.\n")
	table(&b, facts)
	b.WriteString("\nIn conditions there is also `artifact(\"NAME\")`, for events of a task: the text of an artifact of the run, as an optional (`.hasValue()`, `.orValue(…)`), " +
		"which outsiders write; and `.lines()`, the lines of any text. [rules.md](rules.md#functions) has the other functions.\n")
	types := structs
	ofFacts := typesInUse(facts, types)
	sections(&b, ofFacts, types)
	b.WriteString("\n## event of Gerrit\n\nWhere all sources of a rule are the same word after `gerrit:`, `event` has these fields. Times in it are texts in `${…}`.\n")
	common := commonFields(types)
	table(&b, common)
	b.WriteString("\nand beside them:\n\n| `gerrit:` | looks when | fields |\n|---|---|---|\n")
	for _, e := range gerritEvents {
		var own []string
		for _, f := range types[e.Type][len(common):] {
			text := fmt.Sprintf("`%s` (%s)", f.Name, f.Kind())
			if f.Absent != "" {
				text += ", absent " + f.Absent
			}
			own = append(own, text)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Name, e.About, strings.Join(own, "; "))
	}
	var inside []Field
	for _, e := range gerritEvents {
		inside = append(inside, types[e.Type]...)
	}
	sections(&b, slices.DeleteFunc(typesInUse(inside, types), func(name string) bool { return slices.Contains(ofFacts, name) }), types)
	b.WriteString("\n## event of cron\n\nIn rules on cron, `event` is the tick, also where it is about a change that the query found.\n")
	table(&b, tickFields)
	messageTypes(&b, m)
	return b.String()
}

// messageTypes tells what `event` is in rules on exchanges.
func messageTypes(b *strings.Builder, m *Messages) {
	b.WriteString("\n## event of an exchange\n\nWhere all sources of a rule are exchanges with the same type of message, `event` has its fields: those of Taskcluster's references. " +
		"The messages of other exchanges may hold anything. Times in it are texts in `${…}`.\n\n| `exchange:` | `event` is |\n|---|---|\n")
	var inside []Field
	for _, name := range m.Exchanges() {
		fmt.Fprintf(b, "| `%s` | %s |\n", name, m.Of[name])
		inside = append(inside, Field{Type: m.Of[name]})
	}
	sections(b, typesInUse(inside, m.Types), m.Types)
}

// commonFields are those with which every event of Gerrit's begins.
func commonFields(types map[string][]Field) []Field {
	common := types[gerritEvents[0].Type]
	for _, e := range gerritEvents {
		for i := range common {
			if types[e.Type][i].Name != common[i].Name {
				common = common[:i]
				break
			}
		}
	}
	return common
}

func sections(b *strings.Builder, names []string, types map[string][]Field) {
	for _, name := range names {
		fmt.Fprintf(b, "\n## %s\n", name)
		table(b, types[name])
	}
}

func table(b *strings.Builder, fields []Field) {
	b.WriteString("\n| field | type | is | absent | outsider |\n|---|---|---|---|---|\n")
	for _, f := range fields {
		about := f.About
		if len(f.Values) > 0 && about != "" {
			about += ". "
		}
		if len(f.Values) > 0 {
			about += "One of `" + strings.Join(f.Values, "`, `") + "`"
		}
		outsider := ""
		if f.Outsider {
			outsider = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.Kind(), about, f.Absent, outsider)
	}
}

// typesInUse are the types with fields of their own, in the order in which a reader meets them.
func typesInUse(fields []Field, types map[string][]Field) []string {
	var names []string
	for next := fields; len(next) > 0; {
		var inner []Field
		for _, f := range next {
			name := strings.TrimSuffix(strings.TrimPrefix(f.Type, "list<"), ">")
			if _, ok := types[name]; ok && !slices.Contains(names, name) {
				names = append(names, name)
				inner = append(inner, types[name]...)
			}
		}
		next = inner
	}
	return names
}
