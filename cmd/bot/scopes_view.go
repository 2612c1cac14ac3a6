package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/rules"
)

// scopesView is what bot scopes shows; its JSON is the output of --json.
type scopesView struct {
	Rules  []ruleScopes `json:"rules"`
	Client clientView   `json:"client"`
}

type ruleScopes struct {
	Rule  string       `json:"rule"`
	File  string       `json:"file"`
	Line  int          `json:"line"`
	Mode  string       `json:"mode"`
	Tasks []taskScopes `json:"tasks"`
}

type taskScopes struct {
	Key    string        `json:"key"`
	Line   int           `json:"line"`
	Scopes []scopeView   `json:"scopes"`
	Trust  []trustScopes `json:"trust"`
	// Open says that it may need more than can be told beforehand.
	Open bool `json:"open"`
}

type scopeView struct {
	Scope string         `json:"scope"`
	Team  rules.Coverage `json:"team"`
}

type trustScopes struct {
	Who     []string       `json:"who"`
	Allows  rules.Coverage `json:"allows"`
	Missing []string       `json:"missing"`
}

type clientView struct {
	ClientID string   `json:"clientId"`
	Scopes   []string `json:"scopes"`
}

func viewOfRule(r *rules.Rule) ruleScopes {
	v := ruleScopes{Rule: r.Team + "/" + r.Name, File: r.File, Line: r.Line, Mode: string(r.Mode)}
	for _, t := range r.Tasks() {
		task := taskScopes{Key: t.Key, Line: t.Line, Open: t.Open, Scopes: []scopeView{}, Trust: viewOfTrust(t.Trust)}
		for _, s := range t.Scopes {
			task.Scopes = append(task.Scopes, scopeView(s))
		}
		v.Tasks = append(v.Tasks, task)
	}
	return v
}

func viewOfTrust(rows []rules.TrustNeed) []trustScopes {
	views := make([]trustScopes, 0, len(rows))
	for _, row := range rows {
		views = append(views, trustScopes{row.Who, row.Coverage, append([]string{}, row.Missing...)})
	}
	return views
}

// lacking says whether some rule needs what its team doesn't have.
func (v *scopesView) lacking() bool {
	return slices.ContainsFunc(v.Rules, func(r ruleScopes) bool {
		return slices.ContainsFunc(r.Tasks, func(t taskScopes) bool {
			return slices.ContainsFunc(t.Scopes, func(s scopeView) bool { return s.Team == rules.NotGranted })
		})
	})
}

func (v *scopesView) print(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	for _, r := range v.Rules {
		fmt.Fprintf(out, "%s  %s:%d", r.Rule, r.File, r.Line)
		if r.Mode != string(rules.Live) {
			fmt.Fprintf(out, "  %s", r.Mode)
		}
		fmt.Fprintln(out)
		for _, t := range r.Tasks {
			fmt.Fprintf(out, "  %s\n", t.Key)
			for _, s := range t.Scopes {
				fmt.Fprintf(out, "    %-8s %s\n", s.Team, s.Scope)
			}
			if t.Open {
				fmt.Fprintln(out, "    open     and what a part needs that is computed as a whole")
			}
			for _, row := range t.Trust {
				fmt.Fprintf(out, "    trust    %s: %s\n", strings.Join(row.Who, ", "), row)
			}
		}
	}
	if len(v.Rules) == 0 {
		fmt.Fprintln(out, "no rule creates tasks or calls anything")
	}
	return v.Client.print(cmd)
}

func (row trustScopes) String() string {
	if len(row.Missing) == 0 {
		return string(row.Allows)
	}
	return string(row.Allows) + " " + strings.Join(row.Missing, " ")
}

func (c clientView) print(cmd *cobra.Command) error {
	list, err := forPasting(c.Scopes)
	if err != nil {
		return err
	}
	role, err := forPasting(struct {
		Description string   `json:"description"`
		Scopes      []string `json:"scopes"`
	}{"What Verdict and the teams of its teams.yaml need, as bot scopes prints it.", c.Scopes})
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "\nThe bot's own client, %s, needs:\n\n%s\n", c.ClientID, list)
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "As a role, which the client has by its name; updateRole where it is there already:\n\n"+
		"taskcluster api auth createRole 'client-id:%s' <<'EOF'\n%sEOF\n", c.ClientID, role)
	return err
}

func forPasting(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("print: %w", err)
	}
	return b.String(), nil
}
