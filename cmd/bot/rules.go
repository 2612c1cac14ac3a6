package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
)

func newRules(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Which rules were in force, and back to earlier ones",
		Example: `  bot rules log
  bot rules rollback 9f2c4e1 --reason "votes -1 on everything"
  bot rules rollback --release`,
	}
	cmd.AddCommand(newRulesLog(g), newRulesRollback(g))
	return cmd
}

func newRulesLog(g *global) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List the sets of rules that were in force, the newest first",
		Long: `Log lists the sets of rules that came into force: when, of which commit, which teams they changed, and which teams
were broken then, so that their last good files were taken. Rules from a folder have a hash only.`,
		Example: `  bot rules log
  bot rules log --limit 5 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(g, cmd, func(ctx context.Context, a admin.Admin) ([]admin.RuleSet, error) { return a.RulesLog(ctx, limit) }, printRuleSets)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	return cmd
}

func printRuleSets(cmd *cobra.Command, sets []admin.RuleSet) error {
	rows := make([][]string, 0, len(sets))
	for _, s := range sets {
		about := oneLine(s.Subject)
		if s.Author != "" {
			about = oneLine(s.Author + ": " + s.Subject)
		}
		if s.Pinned {
			about = strings.TrimSpace("(pinned) " + about)
		}
		rows = append(rows, []string{
			when(s.Published), short(s.Hash), orDash(short(s.Commit)), number(s.Rules), orDash(few(s.Changed)),
			orDash(few(slices.Sorted(maps.Keys(s.Broken)))), orDash(about),
		})
	}
	return printTable(cmd, []string{"PUBLISHED", "SET", "COMMIT", "RULES", "CHANGED", "BROKEN", "ABOUT"}, rows)
}

// few names some teams of many.
func few(teams []string) string {
	const most = 4
	names := make([]string, 0, most)
	for _, team := range teams[:min(most, len(teams))] {
		if team == "" {
			team = "(no team's)"
		}
		names = append(names, team)
	}
	text := strings.Join(names, " ")
	if more := len(teams) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func newRulesRollback(g *global) *cobra.Command {
	var reason string
	var release bool
	cmd := &cobra.Command{
		Use:   "rollback HASH|COMMIT",
		Short: "Put an earlier set of rules into force, until it is released",
		Long: `Rollback puts a set that bot rules log lists into force for all replicas, within seconds, and keeps it over restarts.
The beginning of its hash or commit is enough. What folder or repository say waits until bot rules rollback --release;
bot status says who pinned the rules, and why. What rules that are not in the set held up is taken back.`,
		Example: `  bot rules rollback 9f2c4e1 --reason "votes -1 on everything"
  bot rules rollback --release`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if release == (len(args) == 1) {
				return errors.New("name a hash or a commit, or --release; bot rules log lists them")
			}
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				if release {
					if err := a.ReleaseRules(ctx); err != nil {
						return err
					}
					return g.say(cmd, map[string]bool{"released": true}, "the rules follow their source again")
				}
				set, err := a.Rollback(ctx, admin.Rollback{To: args[0], Reason: reason, By: whoami()})
				if err != nil {
					return err
				}
				return g.say(cmd, set, "all replicas go to "+setName(set.Hash, set.Commit)+"; bot rules rollback --release lets them go on")
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who wonder")
	cmd.Flags().BoolVar(&release, "release", false, "end the rollback: what folder or repository say is in force again")
	return cmd
}
