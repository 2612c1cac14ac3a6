package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"verdict/rules"
)

func newFields(g *global) *cobra.Command {
	var server string
	cmd := &cobra.Command{
		Use:   "fields [NAME]",
		Short: "Tell what a rule may name, in conditions and in ${…}",
		Long: `Fields tells what a rule may name: its type, what it counts in, when it is absent, where it comes from, and
whether somebody outside the team can write it. Without NAME it lists the facts. NAME is a fact, a field of one, or
a type. It needs no configuration and speaks to no server; docs/fields.md is made of the same table.

--server asks a Gerrit, without credentials, which labels its projects have, with their values: what vote may name.`,
		Example: `  bot fields
  bot fields change.owner
  bot fields change.footers.key
  bot fields event.vote             # of rules on gerrit: vote-changed
  bot fields --server https://review.example.org
  bot fields task --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if server != "" && len(args) > 0 {
				return fmt.Errorf("%s is the same on every server: ask for it without --server", args[0])
			}
			if server != "" {
				return printLabels(cmd, g, server)
			}
			if len(args) == 0 {
				return printFields(cmd, g, rules.Fields())
			}
			found, err := rules.FindField(args[0])
			if err != nil {
				return err
			}
			if g.json {
				view := fieldViewOf(found.Path, found.Field)
				view.From, view.Only, view.Fields = found.From, found.Only, fieldViewsOf(found.Has)
				return printJSON(cmd, view)
			}
			return printField(cmd, g, found)
		},
	}
	cmd.Flags().StringVar(&server, "server", "", "the address of a Gerrit, to be asked for its labels without credentials")
	return cmd
}

func printField(cmd *cobra.Command, g *global, v rules.FieldView) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: %s\n", v.Path, v.About)
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(out, "  %-9s %s\n", name, text)
		}
	}
	row("type", v.Kind())
	row("unit", v.Unit())
	row("one of", quotedList(v.Values))
	if v.From != "" {
		row("absent", cmp.Or(v.Absent, "never"))
		row("from", v.From)
		row("outsider", yesNo(v.Outsider)+outsiderMeans(v.Outsider))
	}
	if len(v.Only) > 0 {
		row("only with", "gerrit: "+strings.Join(v.Only, ", "))
	}
	if len(v.Has) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	return printFields(cmd, g, v.Has)
}

func outsiderMeans(outsider bool) string {
	if outsider {
		return ", somebody outside the team can write it: not for command, image, routes, scopes and names of queues"
	}
	return ""
}

func quotedList(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return `"` + strings.Join(values, `", "`) + `"`
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func printFields(cmd *cobra.Command, g *global, fields []rules.Field) error {
	if g.json {
		return printJSON(cmd, fieldViewsOf(fields))
	}
	var rows [][]string
	for _, f := range fields {
		rows = append(rows, []string{f.Name, f.Kind(), cmp.Or(f.Absent, "never"), yesNo(f.Outsider), f.About})
	}
	return printTable(cmd, []string{"FIELD", "TYPE", "ABSENT", "OUTSIDER", "IS"}, rows)
}

// fieldView is a field as JSON.
type fieldView struct {
	Name     string      `json:"name"`
	Type     string      `json:"type"`
	Unit     string      `json:"unit,omitempty"`
	Values   []string    `json:"values,omitempty"`
	Absent   string      `json:"absent,omitempty"`
	From     string      `json:"from,omitempty"`
	Only     []string    `json:"only,omitempty"`
	Outsider bool        `json:"outsider"`
	About    string      `json:"about"`
	Fields   []fieldView `json:"fields,omitempty"`
}

func fieldViewOf(name string, f rules.Field) fieldView {
	return fieldView{Name: name, Type: f.Type, Unit: f.Unit(), Values: f.Values, Absent: f.Absent, Outsider: f.Outsider, About: f.About}
}

func fieldViewsOf(fields []rules.Field) []fieldView {
	out := make([]fieldView, 0, len(fields))
	for _, f := range fields {
		out = append(out, fieldViewOf(f.Name, f))
	}
	return out
}
