package ruletest

import (
	"reflect"
	"slices"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

type schema = yamlfile.Schema

// Schema is the JSON Schema of files of tests, made of the forms and words that Read reads, so that an editor completes
// and underlines. What it refuses Read refuses too.
func Schema() yamlfile.Schema {
	given := yamlfile.SchemaOf(Given{}, nil, nil)
	given["description"] = "What there is before anything happens."
	happens := happenings()
	test := yamlfile.SchemaOf(testForm{}, nil, map[string]schema{
		"given":    given,
		"event":    {"anyOf": happens, "description": "One thing that happens; expect says what the rules decide."},
		"history":  {"type": "array", "items": schema{"anyOf": append(slices.Clone(happens), historyOnly()...)}, "minItems": 1, "description": "Things that happen, in order; stands says what is there then."},
		"recorded": {"type": "string", "description": "A file that bot why EVENT --as-test wrote, from this file's folder."},
		"expect":   expectSchema(),
	})
	out := yamlfile.SchemaOf(fileForm{}, nil, map[string]schema{
		"given": given,
		"tests": {"type": "array", "items": test, "minItems": 1},
	})
	out["$schema"], out["title"] = yamlfile.SchemaURL, "Tests of Verdict's rules"
	return out
}

// happenings are the things that happen, each known by its first key.
func happenings() []any {
	return []any{
		happening("task", TaskStep{}, withTask(schemas{"task": {"enum": taskWords}})),
		happening("group", GroupStep{}, schemas{
			"group": {"enum": groupWords},
			"tasks": {"type": "array", "items": yamlfile.SchemaOf(TaskFields{}, nil, withTask(schemas{"state": {"enum": stuckStates}}))},
		}),
		happening("gerrit", GerritStep{}, schemas{"gerrit": {"enum": gerritWords}, "kind": {"enum": kinds()}}),
		happening("command", CommandStep{}, nil),
		happening("cron", cronForm{}, nil),
		happening("exchange", taskMessage{}, withTask(schemas{"exchange": {"enum": queueExchanges()}})),
		happening("exchange", MessageStep{}, schemas{"exchange": {"anyOf": []any{schema{"enum": rules.ExchangeNames()}, schema{"type": "string", "pattern": `^[^/]*/[^/]*/`}}}}),
	}
}

func historyOnly() []any {
	return []any{happening("approve", approveForm{}, nil), happening("stands", standsStep{}, nil)}
}

type schemas = map[string]schema

func happening(key string, form any, of schemas) schema {
	out := yamlfile.SchemaOf(form, map[reflect.Type]schema{reflect.TypeFor[Stands](): standsSchema()}, of)
	out["required"] = []string{key}
	return out
}

// withTask are the keys of a task, and more.
func withTask(more schemas) schemas {
	out := schemas{
		"state": {"enum": valuesOf("run", "state")}, "reason": {"enum": valuesOf("run", "reasonResolved")},
		"run": {"type": "integer", "minimum": 0, "maximum": 20}, "extra": {"type": "object"}, "payload": {"type": "object"},
	}
	for key, of := range more {
		out[key] = of
	}
	return out
}

func queueExchanges() []string {
	var out []string
	for _, state := range taskWords[1:] {
		out = append(out, queuePrefix+state)
	}
	return out
}

func standsSchema() schema {
	stands := yamlfile.SchemaOf(standsForm{}, nil, schemas{
		"tasks":  {"type": "array", "items": schema{"type": []string{"string", "object"}}},
		"status": {"enum": []string{"NEW", "MERGED", "ABANDONED"}},
	})
	stands["minProperties"] = 1
	return schema{"anyOf": []any{schema{"enum": []string{nothing}}, stands}, "description": "What is on the change, and was made for it. A key that isn't written isn't asked about."}
}

func expectSchema() schema {
	action := schema{"type": "object", "additionalProperties": false, "minProperties": 1, "properties": actionProperties()}
	of := yamlfile.SchemaOf(expectForm{}, nil, schemas{"actions": {"type": "array", "items": action}})
	of["minProperties"] = 1
	return schema{"anyOf": []any{schema{"enum": []string{nothing}}, of}, "description": "What the rules are to decide."}
}

func actionProperties() schema {
	out := schema{"stands": schema{"type": "boolean", "description": "false: its while is false."}}
	for _, key := range textKeys {
		out[key] = yamlfile.TextSchema()
	}
	for _, kind := range actionKinds {
		out[kind] = schema{}
	}
	return out
}
