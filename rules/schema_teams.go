package rules

import (
	"reflect"

	"verdict/rules/yamlfile"
)

// TeamsSchema is the JSON Schema of teams.yaml, made of what LoadTeams decodes into.
func TeamsSchema() yamlfile.Schema {
	text := yamlfile.TextSchema()
	out := yamlfile.SchemaOf(teamsFile{}, map[reflect.Type]yamlfile.Schema{
		reflect.TypeFor[wordsForm](): {"anyOf": []any{text, yamlfile.Schema{"type": "array", "items": text}}},
	}, map[string]yamlfile.Schema{
		"actions":          {"type": "array", "items": yamlfile.Schema{"enum": GerritActions}},
		"folder":           {"type": "string", "pattern": "/$", "description": "Below the rules' folder, with a slash at the end."},
		"actionsPerMinute": {"type": "integer", "minimum": 0, "description": "Zero: no limit."},
	})
	out["$schema"], out["title"] = yamlfile.SchemaURL, "Verdict's teams.yaml"
	return out
}
