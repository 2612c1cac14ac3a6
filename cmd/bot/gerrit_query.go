package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"verdict/gerrit"
)

func newGerritQuery(g *global, server *string) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "query QUERY",
		Short: "List the changes that match a query, the last updated first",
		Long: `Query lists changes, the last updated first. The query is written as in Gerrit's search field; see
https://gerrit-review.googlesource.com/Documentation/user-search.html. Only what the bot's account may see is found.

Labels show the lowest vote if that is negative, else the highest. With --json it prints changes as Gerrit's REST API
does.`,
		Example: `  bot gerrit query 'status:open project:platform/gfx'
  bot gerrit query 'status:open label:Verified=-1' --limit 0
  bot gerrit query 'hashtag:ci-wait' --server main --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return fmt.Errorf("--limit %d: a number, or 0 for all", limit)
			}
			r, err := g.reviews(*server)
			if err != nil {
				return err
			}
			found, more, err := r.query(cmd.Context(), args[0], limit, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if more {
				fmt.Fprintf(cmd.ErrOrStderr(), "there are more than %d; --limit 0 lists all\n", limit)
			}
			if g.json {
				return printJSON(cmd, found)
			}
			return printChanges(cmd, found)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many; 0: all")
	return cmd
}

// listFields are what a line of a list is made of.
var listFields = []string{"DETAILED_ACCOUNTS", "DETAILED_LABELS", "CURRENT_REVISION", "SKIP_DIFFSTAT"}

// query reads up to limit changes, all if it is 0, and tells whether there are more.
func (r *reviews) query(ctx context.Context, q string, limit int, progress io.Writer) (found []*gerrit.ChangeInfo, more bool, err error) {
	found = []*gerrit.ChangeInfo{}
	opt := gerrit.QueryChangesOpt{Fields: listFields}
	if limit > 0 {
		opt.N = min(limit+1, 100) // one more than is shown tells whether there are more
	}
	so := soFar{out: progress, noun: "changes", last: time.Now()}
	for c, err := range r.client.AllChanges(ctx, q, opt) {
		if err != nil {
			return nil, false, r.told(ctx, err)
		}
		if limit > 0 && len(found) == limit {
			return found, true, nil
		}
		found = append(found, c)
		so.tell(len(found), time.Now())
	}
	return found, false, nil
}

func printChanges(cmd *cobra.Command, found []*gerrit.ChangeInfo) error {
	rows := make([][]string, 0, len(found))
	for _, c := range found {
		rows = append(rows, []string{
			strconv.Itoa(c.ChangeNumber), changeStatus(c), oneLine(c.Project), oneLine(c.Branch), when(c.Updated.Time()), person(c.Owner),
			orDash(standingVotes(c.Labels)), oneLine(c.Subject),
		})
	}
	return printTable(cmd, []string{"CHANGE", "STATUS", "PROJECT", "BRANCH", "UPDATED", "OWNER", "LABELS", "SUBJECT"}, rows)
}

// soFar tells on the standard error how far long work is, every few seconds.
type soFar struct {
	out  io.Writer
	noun string
	last time.Time
}

const tellEvery = 2 * time.Second

func (s *soFar) tell(n int, now time.Time) {
	if now.Sub(s.last) >= tellEvery {
		s.last = now
		fmt.Fprintf(s.out, "%d %s so far\n", n, s.noun)
	}
}
