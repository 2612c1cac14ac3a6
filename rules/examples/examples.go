// Package examples holds rule files to start from, with the teams.yaml that says what their teams may do.
//
// They are what the demonstration runs on, and what a new team copies. It persists nothing; internal/sandbox reads it.
package examples

import "embed"

// Files are the rule files, by team, and teams.yaml.
//
//go:embed teams.yaml graphics infra release
var Files embed.FS
