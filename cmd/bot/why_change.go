package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/store"
)

// whyChange is a change with its events, the newest first.
type whyChange struct {
	admin.ChangeDetail
	Events []admin.EventDetail `json:"events"`
}

// ofChange tells what stands on a change, what is unfinished, and what rules made of its events.
func (w *why) ofChange(ctx context.Context, cmd *cobra.Command, a admin.Admin) error {
	server, number, err := w.namedChange()
	if err != nil {
		return err
	}
	change, err := a.Change(ctx, server, number)
	if err != nil {
		return err
	}
	events, more, err := w.history(ctx, a, store.Filter{Change: change.Change})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch {
	case w.asTest:
		return w.record(ctx, cmd, a, ids(telling(events)))
	case w.g.json:
		return printJSON(cmd, whyChange{change, events})
	}
	printStanding(out, change)
	switch {
	case len(events) == 0 && w.rule != "":
		fmt.Fprintf(out, "\nrule %s looked at no event of it\n", w.rule)
		return nil
	case len(events) == 0:
		fmt.Fprintln(out, "\nno event of it was heard yet")
		return nil
	}
	fmt.Fprintln(out, "\nevents, the newest first; bot why EVENT tells all of one:")
	if err := printHistory(out, telling(events)); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(out, "there are more; --limit %d shows them\n", 5*w.limit)
	}
	return nil
}

// namedChange reads which change is asked for.
func (w *why) namedChange() (server string, number int, err error) {
	cfg, err := config.Load(w.g.config)
	if err != nil {
		return "", 0, err
	}
	server = w.server
	for name, s := range cfg.Gerrit {
		if strings.TrimRight(s.URL, "/") == strings.TrimRight(server, "/") {
			server = name
		}
	}
	server, id, err := namedChange(cfg, server, w.change)
	if err != nil {
		return "", 0, err
	}
	if number, err = strconv.Atoi(id); err != nil || number < 1 {
		return "", 0, fmt.Errorf("--change %q: write the change's number, SERVER~NUMBER, or the address of its page", w.change)
	}
	server, err = configuredServer(cfg, server)
	return server, number, err
}

// mostOpinions is how many opinions on a label are shown.
const mostOpinions = 10

func printStanding(out io.Writer, c admin.ChangeDetail) {
	words := []string{c.Change + ": " + cmp.Or(c.State, "not seen on Gerrit yet")}
	if c.Patchset != 0 {
		words = append(words, fmt.Sprintf("patch set %d (%s)", c.Patchset, short(c.Revision)))
	}
	if c.Project != "" {
		words = append(words, oneLine(c.Project+" "+c.Branch))
	}
	fmt.Fprintln(out, strings.Join(words, ", "))
	if len(c.Labels)+len(c.Hashtags) == 0 {
		fmt.Fprintln(out, "no rule has voted on this patch set, or tagged it")
	}
	for _, s := range c.Labels {
		fmt.Fprintf(out, "%s %s\n", s.Name, voteOf(s))
		printOpinions(out, s.Opinions, func(o admin.Opinion) string { return fmt.Sprintf("%+d ", o.Value) })
	}
	for _, s := range c.Hashtags {
		said := "stands"
		if !s.Stands {
			said = "has ended"
		}
		fmt.Fprintf(out, "hashtag %s %s\n", oneLine(s.Name), said)
		printOpinions(out, s.Opinions, func(admin.Opinion) string { return "" })
	}
	for _, a := range c.Awaited {
		fmt.Fprintf(out, "reports of team %s wait for task group %s to settle: their labels show nothing above 0 until then\n", a.Team, a.GroupID)
	}
	for _, a := range c.Actions {
		printActionLine(out, a, "")
	}
}

// voteOf is what a label ought to show, and whether that was posted.
func voteOf(s admin.Standing) string {
	said := "0: no opinion stands"
	if s.Stands {
		said = fmt.Sprintf("%+d", s.Value)
	}
	switch {
	case s.Posted == nil:
		return said + ", nothing is posted"
	case *s.Posted == s.Value:
		return said + ", as posted"
	}
	return fmt.Sprintf("%s, posted is %+d", said, *s.Posted)
}

func printOpinions(out io.Writer, opinions []admin.Opinion, value func(admin.Opinion) string) {
	for i, o := range opinions {
		if i == mostOpinions {
			fmt.Fprintf(out, "  and %d more; --json has them\n", len(opinions)-i)
			return
		}
		said := ""
		switch {
		case !o.Stands:
			said = ", has ended"
		case o.Waits:
			said = ", waits: nothing above 0 shows"
		}
		fmt.Fprintf(out, "  %s%s on %s%s, by event %s\n", value(o), o.Rule, oneLine(o.About), said, short(o.EventID))
	}
}
