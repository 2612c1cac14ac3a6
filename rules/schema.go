package rules

import (
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

type schema = yamlfile.Schema

// Schema is the JSON Schema of rule files, made of the forms and words that Load reads, so that an editor completes
// and underlines; methods are those that it knows calls of. What it refuses Load refuses too; what types, grants, CEL and JSON-e say only Load knows.
func Schema(methods []Method) yamlfile.Schema {
	on := onSchema()
	rule := yamlfile.SchemaOf(ruleForm{}, nil, map[string]schema{
		"name":        {"type": []string{"string", "number", "boolean"}, "pattern": `^[A-Za-z0-9._-]+$`, "description": "Unique in the team: what the rule holds up is remembered under it."},
		"description": textAbout("What it is for."),
		"mode":        {"enum": []Mode{Live, Shadow, Off}, "description": "live if nothing is said; shadow decides and does nothing; off doesn't look."},
		"on":          {"anyOf": []any{on, schema{"type": "array", "items": on, "minItems": 1}}, "description": "When the rule looks: one source, or a list."},
		"let":         {"type": "object", "propertyNames": schema{"pattern": `^[A-Za-z_][A-Za-z0-9_]*$`}, "additionalProperties": celSchema("A CEL expression.")},
		"when":        {"type": "array", "items": celSchema("A CEL expression that is true or false."), "description": "All have to hold."},
		"do":          {"type": "array", "items": actionSchema(methods), "minItems": 1, "description": "What is done then."},
		"once":        onceSchema("It acts once on each thing."),
		"was":         wasSchema(),
	})
	out := yamlfile.SchemaOf(fileForm{}, nil, map[string]schema{
		"defaults": yamlfile.SchemaOf(defaultsForm{}, nil, placeSchemas()),
		"rules":    {"type": "array", "items": rule},
	})
	out["$schema"], out["title"] = yamlfile.SchemaURL, "Rules of Verdict"
	return out
}

func wasSchema() schema {
	name := schema{"type": []string{"string", "number", "boolean"}, "pattern": `^[A-Za-z0-9._-]+$`}
	return schema{"anyOf": []any{name, schema{"type": "array", "items": name, "minItems": 1, "uniqueItems": true}},
		"description": "How it was called before: what it remembers, and holds up, goes on."}
}

func onceSchema(about string) schema {
	out := yamlfile.SchemaOf(onceForm{}, nil, map[string]schema{
		"per":   {"enum": onceWords, "description": "On which thing."},
		"again": textAbout("After how long it acts again: 30 days; never if nothing is said."),
	})
	out["description"] = about
	return out
}

func textAbout(about string) schema {
	text := yamlfile.TextSchema()
	text["description"] = about
	return text
}

func celSchema(about string) schema { return textAbout(about + " Single quotes around it.") }

// oneOrMore is a pattern, or a list of them.
func oneOrMore(about string) schema {
	text := yamlfile.TextSchema()
	return schema{"anyOf": []any{text, schema{"type": "array", "items": text, "minItems": 1, "uniqueItems": true}}, "description": about}
}

func placeSchemas() map[string]schema {
	return map[string]schema{
		"server":  textAbout("A Gerrit, as config.yaml calls it."),
		"project": oneOrMore("Of the change that the event belongs to; * and ** allowed, ! excludes."),
		"branch":  oneOrMore("Of the change that the event belongs to, without refs/heads/."),
	}
}

// sourceWords are the keys of an `on` that name its source.
var sourceWords = []string{"task", "group", "gerrit", "command", "exchange", "cron"}

func onSchema() schema {
	of := placeSchemas()
	of["task"] = schema{"enum": taskWords, "description": "A task came into a state; settled: its latest run is over and no other is pending."}
	of["group"] = schema{"enum": groupWords, "description": "settled: every task of a group is over, or can never run; stuck: it isn't, and nothing is pending or running, for long."}
	of["gerrit"] = gerritSchema()
	of["exchange"] = schema{"anyOf": []any{schema{"enum": ExchangeNames()}, schema{"type": "string", "pattern": `^[^/]*/[^/]*/`}},
		"description": "Any message of an exchange; a name of three parts or more is literal."}
	of["command"] = schema{"type": "string", "pattern": commandName.String(), "description": "A word that somebody writes on a line of its own in a message on the change; what follows is command.args."}
	of["by"] = bySchema()
	of["routingKey"] = schema{"type": []string{"string", "object"}, "minLength": 1, "description": "Fields by name, or one pattern with * and #."}
	of["taskRoute"] = schema{"type": "string", "minLength": 1, "description": "A route of the task; * and # allowed."}
	of["files"] = oneOrMore("At least one file of the patchset fits.")
	of["cron"] = schema{"type": "string", "pattern": `^\s*(\S+\s+\S+\s+\S+\s+\S+\s+\S+|@(hourly|daily|weekly|monthly|yearly))\s*$`,
		"description": "When the clock says so: minute, hour, day of the month, month and day of the week."}
	of["query"] = schema{"type": "string", "pattern": `\S`, "description": "The changes that this finds then, as in Gerrit's search box; each is an event."}
	of["atMost"] = schema{"type": "integer", "minimum": 1, "maximum": mostAtMost, "description": "How many changes one tick may find; 100 if nothing is said."}
	of["zone"] = schema{"type": "string", "minLength": 1, "description": "The time zone of cron: UTC if nothing is said, or one like Europe/Berlin."}
	of["change"] = celSchema("The number of the change that a task is of, where nothing else says it and the team trusts such tasks: a CEL expression.")
	of["patchset"] = celSchema("Its patchset: a CEL expression; the current one if nothing is said.")
	out := yamlfile.SchemaOf(onForm{}, nil, of)
	out["oneOf"] = oneOfKeys(sourceWords)
	out["dependencies"] = schema{
		"routingKey": []string{"exchange"}, "taskRoute": []string{"exchange"}, "by": []string{"command"}, "query": []string{"cron"}, "zone": []string{"cron"}, "atMost": []string{"query"}, "patchset": []string{"change"},
		"change": schema{"anyOf": oneOfKeys([]string{"task", "exchange"})},
	}
	out["allOf"] = routingKeySchemas()
	return out
}

func gerritSchema() schema {
	abouts := make([]string, len(gerritEvents))
	for i, e := range gerritEvents {
		abouts[i] = e.About
	}
	return schema{"enum": gerritWords, "enumDescriptions": abouts, "description": "What happens on a change."}
}

// bySchema says who may give a command.
func bySchema() schema {
	who := schema{"type": "string", "pattern": "^(" + strings.Join(byWords, "|") + "|" + whoGroup + ".+|" + whoUser + ".+|[^@:]+@[^@]+)$"}
	return schema{"anyOf": []any{who, schema{"type": "array", "items": who, "minItems": 1, "uniqueItems": true}},
		"description": "Who may: " + strings.Join(byWords, ", ") + ", group:NAME, user:NAME or an address. The owner if nothing is said."}
}

// routingKeySchemas name the fields of each exchange's routing key.
func routingKeySchemas() []any {
	byFields := map[string][]string{}
	for _, name := range ExchangeNames() {
		fields := strings.Join(exchanges[name], " ")
		byFields[fields] = append(byFields[fields], name)
	}
	var out []any
	for _, fields := range keys(byFields) {
		words := schema{}
		for _, field := range strings.Fields(fields) {
			words[field] = schema{"type": []string{"string", "number", "boolean"}, "pattern": `^(\*|[^.*#]+)$`}
		}
		out = append(out, schema{
			"if":   schema{"required": []string{"exchange"}, "properties": schema{"exchange": schema{"enum": byFields[fields]}}},
			"then": schema{"properties": schema{"routingKey": schema{"properties": words, "additionalProperties": false}}},
		})
	}
	return out
}

// oneOfKeys asks for exactly one of some keys.
func oneOfKeys(words []string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = schema{"required": []string{word}}
	}
	return out
}

// onlyWith refuses a key beside anything but some actions.
func onlyWith(actions ...string) schema {
	return schema{"anyOf": oneOfKeys(slices.Compact(slices.Sorted(slices.Values(actions))))}
}
