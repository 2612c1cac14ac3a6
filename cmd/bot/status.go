package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
)

func newStatus(g *global) *cobra.Command {
	var problems bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "How the bot is: sources, rules, what waits, what is held",
		Long: `Status asks the running bot by its admin socket, or looks into its store when none runs.

Problems are what somebody has to mend: broken rules, rules that can't be evaluated, votes that are lost. Each is told to
the team's contact in the log, once a day, and listed while it lasts; one that is met now and then, for a day after it
was met last. --problems lists them alone, with what to do.

It exits with 1 when no bot runs, when something is degraded, and when events are parked; with
--problems, when there are any.`,
		Example: `  bot status
  bot status --problems
  bot status --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				s, err := a.Status(ctx)
				if err != nil {
					return err
				}
				switch {
				case problems && g.json:
					err = printJSON(cmd, s.Problems)
				case problems:
					printProblems(cmd.OutOrStdout(), s.Problems)
				case g.json:
					err = printJSON(cmd, s)
				default:
					printStatus(cmd.OutOrStdout(), s)
				}
				if problems {
					if err == nil && len(s.Problems) > 0 {
						return errFindings
					}
					return err
				}
				if err == nil && (!s.Running || len(s.Degraded) > 0 || s.Counts.Events["parked"] > 0) {
					return errFindings
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&problems, "problems", false, "only what somebody has to mend, with what to do")
	return cmd
}

// printProblems prints each with what was said and what to do.
func printProblems(out io.Writer, all []admin.Problem) {
	for _, p := range all {
		fmt.Fprintf(out, "%s\n  %s\n  %s\n", problemLine(p), oneLine(p.Said), p.Do)
		if p.Contact != "" {
			fmt.Fprintf(out, "  contact: %s\n", oneLine(p.Contact))
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(out, "no problems")
	}
}

func problemLine(p admin.Problem) string {
	line := oneLine(p.Name) + ", since " + when(p.Since)
	if p.Team != "" {
		line = "team " + p.Team + ": " + line
	}
	if p.Times > 1 {
		line += fmt.Sprintf(", %d times", p.Times)
	}
	return line
}

// mostProblems is how many are shown beside everything else.
const mostProblems = 10

// printSomeProblems prints the first of them, a line each.
func printSomeProblems(out io.Writer, all []admin.Problem) {
	for i, p := range all {
		if i == mostProblems {
			fmt.Fprintf(out, "  %-12s %d more; bot status --problems lists them\n", "", len(all)-i)
			return
		}
		fmt.Fprintf(out, "  %-12s %s\n", "problem", problemLine(p))
	}
}

func printStatus(out io.Writer, s admin.Status) {
	if s.Running {
		fmt.Fprintf(out, "%s is running: %s, Verdict %s, since %s\n", s.Instance, s.Mode, s.Version, when(s.Started))
	} else {
		fmt.Fprintf(out, "%s is not running; this is what its store holds\n", s.Instance)
	}
	for _, d := range s.Degraded {
		fmt.Fprintf(out, "degraded: %s\n", d)
	}
	for _, src := range s.Sources {
		server, way, part := strings.Cut(src.Name, "/")
		if part { // it belongs to the server above
			server = "  " + way
		}
		fmt.Fprintf(out, "  %-12s %s\n", server, sourceLine(src, way))
	}
	if s.Running {
		fmt.Fprintf(out, "  %-12s %s, loaded %s, %s\n", "rules", plural(s.Rules.Count, "rule"), when(s.Rules.Loaded), setName(s.Rules.Hash, s.Rules.Commit))
	}
	if s.Rules.Subject != "" {
		fmt.Fprintf(out, "  %-12s %s, by %s, %s\n", "", oneLine(s.Rules.Subject), oneLine(s.Rules.Author), when(s.Rules.Committed))
	}
	if r := s.Rules.Source; r != nil {
		fmt.Fprintf(out, "  %-12s %s\n", "", ruleSourceLine(*r))
	}
	if p := s.Rules.Pin; p != nil {
		fmt.Fprintf(out, "  %-12s to %s since %s by %s: %s\n", "pinned", setName(p.Hash, p.Commit), when(p.Since), orDash(p.By), orDash(oneLine(p.Reason)))
	}
	for _, team := range slices.Sorted(maps.Keys(s.Rules.Broken)) {
		fmt.Fprintf(out, "  %-12s %s\n", "", lastGoodLine(team, s.Rules.BrokenSince[team]))
		for _, line := range s.Rules.Broken[team] {
			fmt.Fprintf(out, "  %-12s   %s\n", "", line)
		}
	}
	fmt.Fprintf(out, "  %-12s %s\n", "events", counted(s.Counts.Events))
	fmt.Fprintf(out, "  %-12s %s\n", "actions", counted(s.Counts.Actions))
	if n := s.Counts.Actions["waiting"]; n > 0 {
		fmt.Fprintf(out, "  %-12s %s for approval; bot actions list --state waiting\n", "waiting", plural(int(n), "action"))
	}
	if !s.Counts.Oldest.IsZero() {
		fmt.Fprintf(out, "  %-12s the oldest of %s\n", "undecided", when(s.Counts.Oldest))
	}
	for _, r := range s.Replicas {
		fmt.Fprintf(out, "  %-12s %s, rules %s, seen %s\n", "replica", r.ID, short(r.Set), when(r.Seen))
	}
	for _, h := range s.Holds {
		fmt.Fprintf(out, "  %-12s %s since %s by %s: %s\n", "held", h.Scope, when(h.Since), orDash(h.By), orDash(h.Reason))
	}
	printSomeProblems(out, s.Problems)
}

// setName is a set of rules by its hash, and its commit where it has one.
func setName(hash, commit string) string {
	if commit == "" {
		return short(hash)
	}
	return short(hash) + " of commit " + short(commit)
}

func ruleSourceLine(r admin.RuleSource) string {
	line := fmt.Sprintf("branch %s of %s", r.Branch, r.URL)
	if r.Head != "" {
		line += fmt.Sprintf(" is at %s, looked at %s", short(r.Head), when(r.Fetched))
	}
	if r.Failures > 0 {
		line += fmt.Sprintf("; can't be fetched since %s, again %s", when(r.Failing), when(r.Next))
	}
	return line
}

func lastGoodLine(team string, since time.Time) string {
	line := "team " + team + ": its last good files are in force"
	if team == "" {
		line = "what belongs to no team"
	}
	if !since.IsZero() {
		line += ", since " + when(since)
	}
	return line
}

// sourceLine tells how a source goes; way is stream, webhook, or "".
func sourceLine(s admin.Source, way string) string {
	stands := "connected"
	if way == "webhook" {
		stands = "taken"
	}
	parts := []string{"not " + stands}
	if s.Connected {
		parts[0] = stands + " since " + when(s.Since)
	}
	if way != "" && s.LastEvent.IsZero() {
		parts = append(parts, "no event yet")
	}
	if !s.LastEvent.IsZero() {
		parts = append(parts, "last event "+when(s.LastEvent))
	}
	if s.Depth != nil {
		parts = append(parts, plural(*s.Depth, "message")+" waiting")
	}
	if n := len(s.Bindings); n > 0 {
		parts = append(parts, plural(n, "binding"))
	}
	if f := s.Found; f != nil {
		parts = append(parts, fmt.Sprintf("%d events by hints, %d that only polls saw", f.Hinted, f.Polled))
		if f.Missed > 0 {
			parts = append(parts, fmt.Sprintf("%d hints left to polls", f.Missed))
		}
	}
	if s.Error != "" {
		parts = append(parts, oneLine(s.Error))
	}
	return strings.Join(parts, ", ")
}

func counted(counts map[string]int64) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(counts)) {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
