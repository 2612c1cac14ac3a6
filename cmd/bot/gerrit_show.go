package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/internal/config"
	"verdict/internal/deliver"
)

func newGerritShow(g *global, server *string) *cobra.Command {
	last := 5
	cmd := &cobra.Command{
		Use:   "show CHANGE",
		Short: "Show a change: patch sets, votes, hashtags, attention set, submit requirements, last messages",
		Long: `Show tells how a change stands on Gerrit, and which of its messages a bot of this kind posted, by the marker in
their last line. A CHANGE is a number, SERVER~NUMBER as in bot events, PROJECT~NUMBER, or the address of its page.

With --json it prints the change as Gerrit's REST API does, all messages included.`,
		Example: `  bot gerrit show 1234
  bot gerrit show main~1234 --messages 20
  bot gerrit show https://review.example.org/c/platform/gfx/+/1234 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 0 {
				return fmt.Errorf("--messages %d: a number, or 0 for none", last)
			}
			cfg, err := config.Load(g.config)
			if err != nil {
				return err
			}
			itsServer, id, err := namedChange(cfg, *server, args[0])
			if err != nil {
				return err
			}
			r, err := openReviews(cfg, itsServer)
			if err != nil {
				return err
			}
			c, err := r.change(cmd.Context(), id)
			if err != nil {
				return err
			}
			if g.json {
				return printJSON(cmd, c)
			}
			r.show(cmd.OutOrStdout(), c, last)
			return nil
		},
	}
	cmd.Flags().IntVar(&last, "messages", last, "how many of the last messages are shown")
	return cmd
}

func (r *reviews) change(ctx context.Context, id string) (*gerrit.ChangeInfo, error) {
	c, err := r.client.GetChange(ctx, id, gerrit.QueryChangesOpt{Fields: []string{
		"ALL_REVISIONS", "DETAILED_LABELS", "DETAILED_ACCOUNTS", "MESSAGES", "SUBMIT_REQUIREMENTS", "SUBMITTABLE",
	}})
	return c, r.told(ctx, err)
}

func (r *reviews) show(out io.Writer, c *gerrit.ChangeInfo, last int) {
	fmt.Fprintf(out, "change %s~%d: %s\n", r.server, c.ChangeNumber, changeStatus(c))
	printPairs(out, [][2]string{
		{"subject", oneLine(c.Subject)}, {"project", oneLine(c.Project)}, {"branch", oneLine(c.Branch)}, {"owner", person(c.Owner)},
		{"topic", oneLine(c.Topic)}, {"hashtags", words(slices.Sorted(slices.Values(c.Hashtags)))}, {"reviewers", people(c.Reviewers["REVIEWER"])},
		{"cc", people(c.Reviewers["CC"])}, {"created", when(c.Created.Time())}, {"updated", when(c.Updated.Time())},
		{"page", printable(r.page(c))},
	})
	showPatchsets(out, c)
	showVotes(out, c)
	showRequirements(out, c)
	showAttention(out, c)
	r.showMessages(out, c.Messages, last)
}

func showPatchsets(out io.Writer, c *gerrit.ChangeInfo) {
	type patchset struct {
		revision string
		gerrit.RevisionInfo
	}
	var all []patchset
	for revision, info := range c.Revisions {
		all = append(all, patchset{revision, info})
	}
	slices.SortFunc(all, func(a, b patchset) int { return a.PatchSetNumber - b.PatchSetNumber })
	fmt.Fprintln(out, "patch sets:")
	for _, p := range all {
		current := ""
		if p.revision == c.CurrentRevision {
			current = ", current"
		}
		fmt.Fprintf(out, "  %-3d %s %s, %s by %s%s\n", p.PatchSetNumber, p.revision, p.Kind, when(p.Created.Time()), person(p.Uploader), current)
	}
}

func showVotes(out io.Writer, c *gerrit.ChangeInfo) {
	if len(c.Labels) > 0 {
		fmt.Fprintln(out, "labels:")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		var votes []string
		for _, v := range c.Labels[name].All {
			if v.Value != 0 {
				votes = append(votes, fmt.Sprintf("%+d %s", v.Value, person(&v.AccountInfo)))
			}
		}
		fmt.Fprintf(out, "  %-20s %s\n", oneLine(name), orDash(strings.Join(votes, ", ")))
	}
}

func showRequirements(out io.Writer, c *gerrit.ChangeInfo) {
	if len(c.SubmitRequirements) > 0 {
		fmt.Fprintln(out, "submit requirements:")
	}
	for _, q := range c.SubmitRequirements {
		expression := ""
		if q.Submittability != nil && q.Status != "SATISFIED" && q.Status != "NOT_APPLICABLE" {
			expression = oneLine(q.Submittability.Expression)
		}
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-20s %s  %s", oneLine(q.Name), q.Status, expression), " "))
	}
}

func showAttention(out io.Writer, c *gerrit.ChangeInfo) {
	if len(c.AttentionSet) > 0 {
		fmt.Fprintln(out, "attention set:")
	}
	for _, id := range slices.Sorted(maps.Keys(c.AttentionSet)) {
		a := c.AttentionSet[id]
		fmt.Fprintf(out, "  %-20s %s, since %s\n", person(&a.Account), oneLine(a.Reason), when(a.LastUpdate.Time()))
	}
}

func (r *reviews) showMessages(out io.Writer, all []gerrit.ChangeMessageInfo, last int) {
	shown := all[max(0, len(all)-last):]
	if len(shown) == 0 {
		return
	}
	fmt.Fprintf(out, "messages, %d of %d:\n", len(shown), len(all))
	for _, m := range shown {
		fmt.Fprintf(out, "  %s %s%s\n", when(m.Time.Time()), person(m.Author), r.ours(m.Message))
		for line := range strings.Lines(strings.TrimSpace(m.Message)) {
			fmt.Fprintln(out, strings.TrimRight("    "+printable(line), " "))
		}
	}
}

// ours says of a message which bot posted it, and where to look further.
func (r *reviews) ours(message string) string {
	instance, actions := deliver.Posted(message)
	switch {
	case instance == "":
		return ""
	case instance != r.instance:
		return fmt.Sprintf(" (Verdict %s)", printable(instance))
	}
	return " (this bot: bot actions show " + printable(actions[0]) + ")"
}

func words(all []string) string {
	clean := make([]string, len(all))
	for i, w := range all {
		clean[i] = oneLine(w)
	}
	return strings.Join(clean, ", ")
}

func people(accounts []*gerrit.AccountInfo) string {
	var names []string
	for _, a := range accounts {
		names = append(names, person(a))
	}
	return strings.Join(names, ", ")
}
