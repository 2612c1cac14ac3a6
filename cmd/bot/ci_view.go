package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/deliver"
	"verdict/rules"
)

// renderView is what bot ci render shows; its JSON is the output of --json.
type renderView struct {
	Tasks    []renderedTask `json:"tasks"`
	Problems []diagnostic   `json:"problems"`
}

type renderedTask struct {
	Key        string          `json:"key"`
	TaskID     string          `json:"taskId,omitempty"`
	Line       int             `json:"line"`
	Definition json.RawMessage `json:"definition"`
	Scopes     []string        `json:"scopes"`
	Teams      []renderedTeam  `json:"teams,omitempty"`
}

// renderedTeam says whether a team may create a task, at all and by each of its rows of trust.
type renderedTeam struct {
	Team    string        `json:"team"`
	Missing []string      `json:"missing"`
	Trust   []trustScopes `json:"trust"`
}

// viewOfTasks works out which scopes each task needs; of teams only those that have scopes are asked.
func viewOfTasks(tasks []rules.FileTask, teams *rules.Teams) (renderView, error) {
	view := renderView{Tasks: []renderedTask{}, Problems: []diagnostic{}}
	for _, t := range tasks {
		definition, err := json.MarshalIndent(t.Definition, "", "  ")
		if err != nil {
			return view, fmt.Errorf("print task %s: %w", t.Key, err)
		}
		asked := map[string]any{"schedulerId": "verdict"} // what is filled in
		for key, v := range t.Definition {
			asked[key] = v
		}
		needed := func(granted []string) ([]string, error) { return deliver.TaskScopes(asked, granted) }
		out := renderedTask{Key: t.Key, TaskID: t.ID, Line: t.Line, Definition: definition}
		if out.Scopes, err = needed(nil); err != nil {
			return view, fmt.Errorf("task %s can't be created: %w", t.Key, err)
		}
		slices.Sort(out.Scopes)
		for _, team := range teams.All() {
			if len(team.Scopes) == 0 {
				continue
			}
			of, err := viewOfTeam(team, needed)
			if err != nil {
				return view, err
			}
			out.Teams = append(out.Teams, of)
		}
		view.Tasks = append(view.Tasks, out)
	}
	return view, nil
}

func viewOfTeam(team *rules.Team, needed func([]string) ([]string, error)) (renderedTeam, error) {
	out := renderedTeam{Team: team.Name, Missing: []string{}}
	held, rows, err := team.Ask(needed)
	if err != nil {
		return out, fmt.Errorf("ask for the scopes of %s: %w", team.Name, err)
	}
	for _, s := range held {
		if s.Team != rules.Covered {
			out.Missing = append(out.Missing, s.Scope)
		}
	}
	out.Trust = viewOfTrust(rows)
	return out, nil
}

// refused says whether some task may be created by none of the teams.
func (v renderView) refused() bool {
	return slices.ContainsFunc(v.Tasks, func(t renderedTask) bool {
		return len(t.Teams) > 0 && !slices.ContainsFunc(t.Teams, func(of renderedTeam) bool {
			return slices.ContainsFunc(of.Trust, func(row trustScopes) bool { return row.Allows == rules.Covered })
		})
	})
}

// print prints the tasks that come of an event by the name that the file knows it by.
func (v renderView) print(out io.Writer, event any) {
	if len(v.Tasks) == 0 {
		fmt.Fprintf(out, "no tasks where tasks_for is \"%v\"\n", event)
	}
	for i, t := range v.Tasks {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "task %s, line %d\n%s\n", t.Key, t.Line, t.Definition)
		fmt.Fprintf(out, "needs %s\n", strings.Join(t.Scopes, "\n      "))
		for _, of := range t.Teams {
			if len(of.Missing) > 0 {
				fmt.Fprintf(out, "%s hasn't been granted %s\n", of.Team, strings.Join(of.Missing, " "))
				continue
			}
			for _, row := range of.Trust {
				fmt.Fprintf(out, "%s for %s: %s\n", of.Team, strings.Join(row.Who, ", "), row)
			}
		}
	}
}

// printFindings tells what is wrong, as bot check does.
func printFindings(cmd *cobra.Command, g *global, found []rules.Diagnostic) error {
	if g.json {
		view := renderView{Tasks: []renderedTask{}, Problems: viewsOf(found)}
		if err := printJSON(cmd, view); err != nil {
			return err
		}
		return errFindings
	}
	for _, d := range found {
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s", d, d.Excerpt())
	}
	return errFindings
}
