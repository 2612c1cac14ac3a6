package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/store"
)

// whySeveral explains the latest events of a change or a task that a rule looked at.
func (g *global) whySeveral(ctx context.Context, cmd *cobra.Command, a admin.Admin, f whyFlags) error {
	if f.asTest {
		return errors.New("--as-test records one event: bot events list names them")
	}
	change, err := g.changeName(f.change)
	if err != nil {
		return err
	}
	listed, err := a.Events(ctx, store.Filter{Change: change, TaskID: f.task, NewestFirst: true, Limit: mostLooked})
	if err != nil {
		return err
	}
	told := []admin.EventDetail{}
	for _, one := range listed {
		if len(told) == f.limit {
			break
		}
		e, err := f.event(ctx, a, one.ID)
		if err != nil {
			return err
		}
		if len(e.Decisions) > 0 || f.rule == "" && e.Error != "" || f.rule != "" && len(e.Passed) > 0 {
			told = append(told, e)
		}
	}
	if g.json {
		return printJSON(cmd, told)
	}
	if len(told) == 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "%s of %s, and %s looked at none\n", plural(len(listed), "event"), cmp.Or(change, "task "+f.task), cmp.Or(f.rule, "the rules"))
	}
	for i, e := range told {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := explain(cmd.OutOrStdout(), e); err != nil {
			return err
		}
	}
	return nil
}

// mostLooked is how many events of a change or a task are looked through.
const mostLooked = 200

// changeName is a change as the store knows it; a number alone is of the only Gerrit there is.
func (g *global) changeName(change string) (string, error) {
	if change == "" || strings.Contains(change, "~") {
		return change, nil
	}
	cfg, err := config.Load(g.config)
	if err != nil {
		return "", err
	}
	servers := slices.Sorted(maps.Keys(cfg.Gerrit))
	if len(servers) != 1 {
		return "", fmt.Errorf("--change %q: write SERVER~NUMBER; the servers are %s", change, strings.Join(servers, ", "))
	}
	return servers[0] + "~" + change, nil
}
