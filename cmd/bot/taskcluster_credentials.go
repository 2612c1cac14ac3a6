package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/taskcluster"
)

func newTaskclusterCredentials(g *global) *cobra.Command {
	var scopes []string
	var name string
	life := lifetime(10 * time.Minute)
	cmd := &cobra.Command{
		Use:   "credentials --scope SCOPE...",
		Short: "Print temporary credentials with these scopes only. It shows a secret",
		Long: `Credentials prints credentials that have just these scopes and end after a while, as lines for a shell or with
--json. They can't be taken back before that. With --name they are called <client>/<name> in Taskcluster's logs, which
needs auth:create-client:<client>/<name>.`,
		Example: `  eval "$(bot taskcluster credentials --scope 'queue:get-task:*' --for 10m --name by-hand)"
  bot taskcluster credentials --scope queue:scheduler-id:verdict --scope 'queue:cancel-task:verdict/*' --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := g.deployment(cmd)
			if err != nil {
				return err
			}
			creds, err := d.credentials(cmd.Context())
			if err != nil {
				return err
			}
			called := ""
			if name != "" {
				called = creds.ClientID + "/" + name
			}
			temporary, err := creds.CreateNamedTemporaryCredentials(called, time.Duration(life), scopes...)
			if err != nil {
				return err
			}
			until := time.Now().Add(time.Duration(life))
			fmt.Fprintf(cmd.ErrOrStderr(), "this is a secret: whoever has it can do this as %s until %s\n", temporary.ClientID, when(until))
			if g.json {
				return printJSON(cmd, map[string]any{
					"rootUrl": d.rootURL, "clientId": temporary.ClientID, "accessToken": temporary.AccessToken,
					"certificate": temporary.Certificate, "expires": until.UTC(),
				})
			}
			return printExports(cmd, d.rootURL, temporary)
		},
	}
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a scope that they have; may be repeated")
	cmd.Flags().StringVar(&name, "name", "", "what they are called, behind the client's id and a slash")
	cmd.Flags().Var(&life, "for", "how long they hold, 31 days at most")
	_ = cmd.MarkFlagRequired("scope") // it is defined above
	return cmd
}

// printExports prints credentials as a shell takes them.
func printExports(cmd *cobra.Command, rootURL string, c *taskcluster.Credentials) error {
	for _, v := range [][2]string{
		{"TASKCLUSTER_ROOT_URL", rootURL}, {"TASKCLUSTER_CLIENT_ID", c.ClientID},
		{"TASKCLUSTER_ACCESS_TOKEN", c.AccessToken}, {"TASKCLUSTER_CERTIFICATE", c.Certificate},
	} {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "export %s='%s'\n", v[0], strings.ReplaceAll(v[1], "'", `'\''`)); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}
