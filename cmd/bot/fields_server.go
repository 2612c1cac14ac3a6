package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"verdict/gerrit"
)

// labelView is a label of a project, as a Gerrit shows it on changes.
type labelView struct {
	Project string `json:"project"`
	Label   string `json:"label"`
	Values  []int  `json:"values"`
}

// looked is how many changes a Gerrit is asked for, those that were updated last.
const looked = 200

// printLabels tells what a Gerrit, asked as anybody may, has for `vote` and `label`: the labels of the projects whose
// changes it shows. The labels themselves are for a project's owners alone to list.
func printLabels(cmd *cobra.Command, g *global, server string) error {
	client := gerrit.NewClient(strings.TrimRight(server, "/"), nil)
	version, err := client.Version(cmd.Context())
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w; --server takes a Gerrit's address", server, err)
	}
	changes, err := client.QueryChanges(cmd.Context(), "status:open OR status:merged", gerrit.QueryChangesOpt{N: looked, Fields: []string{"DETAILED_LABELS"}})
	if err != nil {
		return fmt.Errorf("ask %s for its changes: %w", server, err)
	}
	labels := labelsOn(changes)
	if g.json {
		return printJSON(cmd, map[string]any{"gerrit": version, "labels": labels})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Gerrit %s, by its %d changes that were updated last and anybody may see\n\n", version, len(changes))
	var rows [][]string
	for _, l := range labels {
		var values []string
		for _, v := range l.Values {
			values = append(values, fmt.Sprintf("%+d", v))
		}
		rows = append(rows, []string{l.Project, l.Label, strings.ReplaceAll(strings.Join(values, " "), "+0", "0")})
	}
	return printTable(cmd, []string{"PROJECT", "LABEL", "VALUES"}, rows)
}

// labelsOn are the labels of changes, by project and name. The newest change that has one says its values.
func labelsOn(changes []*gerrit.ChangeInfo) []labelView {
	out := []labelView{}
	for _, c := range changes {
		for name, info := range c.Labels {
			if slices.ContainsFunc(out, func(l labelView) bool { return l.Project == c.Project && l.Label == name }) {
				continue
			}
			l := labelView{Project: c.Project, Label: name}
			for text := range info.Values {
				if v, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
					l.Values = append(l.Values, v)
				}
			}
			slices.Sort(l.Values)
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b labelView) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.Label, b.Label))
	})
	return out
}
