package app

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// stranger says of what is to be held that this process knows nothing of the name; empty: it does. The hold stands: what
// it names may be in rules that are on their way, but in a hurry it is a slip of the pen.
func (b *bot) stranger(scope string) string {
	kind, name, _ := strings.Cut(scope, ":")
	var known []string
	switch kind {
	case "server":
		for server := range b.cfg.Gerrit {
			known = append(known, server)
		}
	case "team":
		known = b.rules.TeamNames()
	case "rule":
		active := b.rules.Active()
		if team, rule, _ := strings.Cut(name, "/"); active == nil || active.Set.Rule(team, rule) != nil {
			return "" // also by a name before
		}
		for _, r := range active.Set.Rules() {
			known = append(known, r.Team+"/"+r.Name)
		}
	default:
		return ""
	}
	if slices.Contains(known, name) {
		return ""
	}
	text := fmt.Sprintf("the bot knows no %s %s, so nothing is stopped by it yet", kind, name)
	if near := yamlfile.Nearest(name, known); near != "" {
		text += fmt.Sprintf("; did you mean %s:%s?", kind, near)
	}
	return text
}
