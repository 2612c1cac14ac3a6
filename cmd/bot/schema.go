package main

import (
	"github.com/spf13/cobra"

	"verdict/internal/config"
	"verdict/internal/deliver"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/rules/yamlfile"
)

// schemaKinds are the files that a schema is printed of.
var schemaKinds = map[string]func() yamlfile.Schema{
	"rules": func() yamlfile.Schema { return rules.Schema(deliver.Methods()) }, "teams": rules.TeamsSchema, "config": config.Schema,
	"tests": ruletest.Schema,
}

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema rules|tests|config|teams",
		Short: "Print a JSON Schema, with which editors complete and underline",
		Long: `Schema prints the JSON Schema (draft 07) of rule files, their tests, config.yaml or teams.yaml. Editors with the YAML
language server complete and underline by it; docs/tools.md says how to set one up. It is made of the tables that
bot check reads by, but knows no types, no grants and no CEL: bot check has the last word.`,
		Example: `  bot schema rules > .verdict/rules.json
  bot schema tests > .verdict/tests.json
  bot schema teams > .verdict/teams.json
  bot schema config`,
		ValidArgs: []string{"rules", "tests", "config", "teams"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return printJSON(cmd, schemaKinds[args[0]]())
		},
	}
}
