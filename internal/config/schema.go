package config

import (
	"reflect"

	"verdict/rules/yamlfile"
)

// Schema is the JSON Schema of config.yaml, made of what Parse decodes into.
func Schema() yamlfile.Schema {
	text := yamlfile.TextSchema()
	own := map[reflect.Type]yamlfile.Schema{
		reflect.TypeFor[Mode]():  {"enum": []Mode{ModeLive, ModeShadow, ModeHold}},
		reflect.TypeFor[Begin](): {"type": "string", "description": "now, a duration before now (2h), or a time (2026-01-31T08:00:00Z)"},
		reflect.TypeFor[Size](): {"anyOf": []any{
			yamlfile.Schema{"type": "string", "pattern": sizeForm.String()}, yamlfile.Schema{"enum": []any{0, "0"}},
		}},
	}
	type plainGerrit Gerrit // without its method
	server := yamlfile.SchemaOf(plainGerrit{}, own, nil)
	server["required"] = []string{"url", "user"}
	own[reflect.TypeFor[Gerrit]()] = server
	out := yamlfile.SchemaOf(Config{}, own, map[string]yamlfile.Schema{
		"level":   {"enum": levels},
		"format":  {"enum": formats},
		"migrate": {"enum": migrations},
		"reading": {"enum": readings},
		"url":     text,
	})
	out["$schema"], out["title"] = yamlfile.SchemaURL, "Verdict's config.yaml"
	return out
}
