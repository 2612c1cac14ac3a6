package rules

import (
	"strings"

	"verdict/rules/yamlfile"
)

// Format writes a rule file as the language's page does: keys in order, CEL and templates in single quotes. It reads
// alike before and after; what can't be parsed gives diagnostics and no text.
func Format(name string, data []byte) ([]byte, []Diagnostic) {
	out, problems := yamlfile.Format(name, data, layout{})
	if len(problems) == 0 {
		return out, nil
	}
	file, _ := yamlfile.Parse(name, data)
	return nil, fromProblems("", file, problems)
}

// layout is the order of the language's own keys. Definitions of tasks are their writer's.
type layout struct{}

var (
	fileOrder = []string{"defaults", "rules", "given", "tests"}
	ruleOrder = []string{"name", "was", "description", "mode", "on", "let", "when", "once", "do"}
	onOrder   = []string{
		"task", "group", "gerrit", "command", "by", "cron", "zone", "query", "atMost", "change", "exchange", "routingKey",
		"taskRoute", "server", "project", "branch", "files",
	}
	doOrder = append(append([]string{}, actionWords...), "inline", "key", "while", "message", "notify", "once", "approve")
)

// Order implements yamlfile.Layout.
func (layout) Order(path []string) []string {
	switch at := strings.Join(path, "."); at {
	case "":
		return fileOrder
	case "defaults", "rules.[].on", "rules.[].on.[]":
		return onOrder
	case "rules.[]":
		return ruleOrder
	case "rules.[].do.[]":
		return doOrder
	}
	return nil
}

// Quoted implements yamlfile.Layout: CEL always, another text where it has something of JSON-e.
func (layout) Quoted(path []string, text string) bool {
	at := strings.Join(path, ".")
	switch {
	case strings.HasPrefix(at, "rules.[].when.[]"), strings.HasPrefix(at, "rules.[].let."), at == "rules.[].do.[].while",
		at == "rules.[].on.change", at == "rules.[].on.patchset", at == "rules.[].on.[].change", at == "rules.[].on.[].patchset":
		return true
	}
	return strings.HasPrefix(at, "rules.[].do.") && strings.Contains(text, "${")
}
