package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newTaskclusterSignedURL(g *global) *cobra.Command {
	var f methodFlags
	life := lifetime(10 * time.Minute)
	cmd := &cobra.Command{
		Use:   "signed-url SERVICE METHOD ARGS...",
		Short: "Print an address by which anybody may make one call for a while. It shows a secret",
		Long: `Signed-url prints the address of a GET with its signature in it: whoever has it may make that call until it ends,
and no other. It can't be taken back before that.`,
		Example: `  bot taskcluster signed-url queue getLatestArtifact fN1SbArXTPSVFNUvaOlinQ private/log.txt --for 10m
  curl -L "$(bot taskcluster signed-url queue task fN1SbArXTPSVFNUvaOlinQ)"`,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: completeMethod,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.methodCall(cmd, args, f)
			if err != nil {
				return err
			}
			if c.method.Verb != http.MethodGet {
				return fmt.Errorf("%s.%s is a %s; only a GET can be signed into an address", c.method.Service, c.method.Name, c.method.Verb)
			}
			if c.source == nil {
				return errors.New("there are no credentials to sign with: set TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, or name a --config")
			}
			client, err := c.limited(cmd.Context())
			if err != nil {
				return err
			}
			if !client.Authenticate {
				return fmt.Errorf("%s.%s needs no scopes: call it without a signature", c.method.Service, c.method.Name)
			}
			address, err := client.SignedURLOf(cmd.Context(), c.call(), time.Duration(life))
			if err != nil {
				return errors.New(c.clean(err.Error()))
			}
			until := time.Now().Add(time.Duration(life))
			fmt.Fprintf(cmd.ErrOrStderr(), "this is a secret: whoever has it can make this call until %s\n", when(until))
			return g.say(cmd, map[string]any{"url": address.String(), "expires": until.UTC()}, address.String())
		},
	}
	f.register(cmd)
	cmd.Flags().Var(&life, "for", "how long it holds")
	return cmd
}
