package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/store"
)

// atDesk lets do speak to the running bot by its socket, or, when none runs, to the store itself.
func (g *global) atDesk(cmd *cobra.Command, do func(ctx context.Context, a admin.Admin) error) error {
	ctx := cmd.Context()
	cfg, err := config.Load(g.config)
	if err != nil {
		return err
	}
	client, err := admin.Dial(ctx, cfg.Admin.Socket)
	if err == nil {
		return do(ctx, client)
	}
	if !admin.Absent(err) {
		return err
	}
	st, err := openStore(ctx, cfg)
	if err != nil {
		return fmt.Errorf("no bot answers on %s, and the store can't be opened: %w", cfg.Admin.Socket, err)
	}
	defer st.Close()
	return do(ctx, &admin.Desk{Store: st, Instance: cfg.Instance, Version: release()})
}

// show asks the bot, or its store, and prints the answer: as JSON, or as people read it.
func show[T any](g *global, cmd *cobra.Command, ask func(ctx context.Context, a admin.Admin) (T, error), print func(*cobra.Command, T) error) error {
	return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
		answer, err := ask(ctx, a)
		switch {
		case err != nil:
			return err
		case g.json:
			return printJSON(cmd, answer)
		}
		return print(cmd, answer)
	})
}

// openStore opens a store that is there; a command that only looks never makes one.
func openStore(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	if file, ok := strings.CutPrefix(cfg.Store.URL, "sqlite:"); ok {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("%s is not there; bot run makes it", file)
		}
	}
	return store.Open(ctx, store.Options{URL: cfg.Store.URL, Password: cfg.StorePassword(), Migrate: "off", Log: zerolog.Nop()})
}
