package jsone_test

import (
	"testing"

	"verdict/rules/jsone"
)

// definition is a task as a rule has it.
const definition = `{
	"key": "${os}",
	"taskQueueId": "gfx/ci-${os}",
	"projectId": "gfx",
	"priority": "low",
	"deadline": {"$fromNow": "2 hours"},
	"expires": {"$fromNow": "14 days"},
	"metadata": {
		"name": "shaders-${os}", "description": "Shader build", "owner": "gfx-ci@example.org",
		"source": "https://review.example.org/c/${change.project}/+/${change.number}/${patchset.number}"
	},
	"tags": {"kind": "build", "os": "${os}"},
	"scopes": ["queue:get-artifact:private/gfx/*"],
	"routes": ["index.gfx.v2.${change.branch}.latest"],
	"payload": {
		"maxRunTime": 3600,
		"image": "gfx/build:7",
		"env": {"GERRIT_REF": "${patchset.ref}", "GERRIT_REVISION": "${patchset.revision}", "TERM": "dumb", "JOBS": "4"},
		"features": {"taskclusterProxy": true},
		"artifacts": {"public/build": {"type": "directory", "path": "/builds/out", "expires": {"$fromNow": "14 days"}}},
		"command": ["/bin/bash", "-c", "git fetch origin \"$GERRIT_REF\" && make -j$JOBS shaders && make check"]
	},
	"extra": {"gerrit": {"change": {"$eval": "change.number"}, "patchset": {"$eval": "patchset.number"}}, "quick": {"$if": "change.wip", "then": true}}
}`

func definitionContext(tb testing.TB) map[string]any {
	return parsed(tb, `{
		"os": "linux",
		"change": {"number": 1234, "project": "platform/gfx", "branch": "main", "wip": false},
		"patchset": {"number": 2, "ref": "refs/changes/34/1234/2", "revision": "8f2c1e6a3b5d7f90123456789abcdef012345678"}
	}`).(map[string]any)
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = deepCopy(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key := range v {
			m[key] = deepCopy(v[key])
		}
		return m
	}
	return v
}

var sink any

// BenchmarkRender is to be held against BenchmarkDeepCopy: at most five times its time.
func BenchmarkRender(b *testing.B) {
	template, context := compiledDefinition(b)
	b.ReportAllocs()
	for b.Loop() {
		sink, _ = template.Render(context, noon)
	}
}

// BenchmarkDeepCopy copies what BenchmarkRender makes, which is the least that a rendering has to do.
func BenchmarkDeepCopy(b *testing.B) {
	template, context := compiledDefinition(b)
	rendered, err := template.Render(context, noon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sink = deepCopy(rendered)
	}
}

func BenchmarkCompile(b *testing.B) {
	parsedDefinition := parsed(b, definition)
	b.ReportAllocs()
	for b.Loop() {
		sink, _ = jsone.Compile(parsedDefinition)
	}
}

func compiledDefinition(b testing.TB) (*jsone.Template, map[string]any) {
	template, err := jsone.Compile(parsed(b, definition))
	if err != nil {
		b.Fatal(err)
	}
	return template, definitionContext(b)
}
