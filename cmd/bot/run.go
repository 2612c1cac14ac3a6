package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app"
	"verdict/internal/config"
)

func newRun(g *global) *cobra.Command {
	var drain time.Duration
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the bot",
		Long: `Run listens to what the configuration names, decides by the rules, and delivers, until SIGTERM or Ctrl-C: then it
ends what is in hand and exits. SIGHUP has it read the rules anew; it also notices by itself when they change.
Secrets are read again whenever they are used. It logs to standard error.`,
		Example: `  bot run --config /etc/verdict/config.yaml
  kill -HUP $(pidof bot)            # read the rules now`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(g.config)
			if err != nil {
				return err
			}
			ctx, reload, stop := app.Signals(cmd.Context())
			defer stop()
			err = app.Run(ctx, app.Options{
				Config: cfg, Log: app.NewLog(cfg, cmd.ErrOrStderr()), Version: release(), Reload: reload, Drain: drain,
			})
			if err != nil {
				return fmt.Errorf("%s", cfg.Known.Clean(err.Error()))
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&drain, "drain", 25*time.Second, "how long what is in hand may take at the end")
	return cmd
}
