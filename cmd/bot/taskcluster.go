package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/internal/config"
	"verdict/rules/yamlfile"
	"verdict/taskcluster"
)

func newTaskcluster(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "taskcluster",
		Short: "Speak to Taskcluster: credentials, call, signed-url, listen",
		Long: `Speak to Taskcluster as the bot does, by hand.

The credentials are those of --config where that is given; else those of the environment if TASKCLUSTER_PROXY_URL or
TASKCLUSTER_ROOT_URL is set (with TASKCLUSTER_CLIENT_ID, TASKCLUSTER_ACCESS_TOKEN and TASKCLUSTER_CERTIFICATE); else
those of config.yaml.`,
		Example: `  bot taskcluster call queue status fN1SbArXTPSVFNUvaOlinQ
  bot taskcluster listen queue/task-failed --for 5m
  eval "$(bot taskcluster credentials --scope 'queue:get-task:*' --for 10m)"`,
	}
	cmd.AddCommand(newTaskclusterCredentials(g), newTaskclusterCall(g), newTaskclusterSignedURL(g), newTaskclusterListen(g))
	return cmd
}

// deployment is the Taskcluster that a command speaks to, and as whom.
type deployment struct {
	rootURL string
	// source is nil where a proxy signs, or nobody.
	source taskcluster.CredentialSource
	// http is nil where the usual one does.
	http *http.Client
	// clean takes known secrets out of a text.
	clean func(string) string
}

// deployment finds out where Taskcluster is: what was named comes first, then the environment, then config.yaml.
func (g *global) deployment(cmd *cobra.Command) (*deployment, error) {
	if !cmd.Flags().Changed("config") {
		if proxy := os.Getenv("TASKCLUSTER_PROXY_URL"); proxy != "" {
			return &deployment{rootURL: proxy, clean: asItIs}, nil
		}
		if root := os.Getenv("TASKCLUSTER_ROOT_URL"); root != "" {
			d := &deployment{rootURL: root, clean: asItIs}
			if c := taskcluster.CredentialsFromEnvVars(); c.ClientID != "" {
				d.source = c
			}
			return d, nil
		}
	}
	cfg, err := config.Load(g.config)
	if err != nil {
		return nil, fmt.Errorf("%w, or set TASKCLUSTER_ROOT_URL", err)
	}
	t := cfg.Taskcluster
	if t.RootURL == "" {
		return nil, fmt.Errorf("%s has no taskcluster.rootURL", g.config)
	}
	d := &deployment{
		rootURL: t.RootURL, clean: cfg.Known.Clean,
		source: &taskcluster.RotatingCredentials{ClientID: t.ClientID, AccessToken: t.AccessToken.Read},
	}
	trusted, err := cfg.TLS.Client()
	if trusted != nil {
		d.http = &http.Client{Transport: gerrit.NewTransport(trusted)}
	}
	return d, err
}

func asItIs(text string) string { return text }

// credentials are those that calls are signed with; an error where there are none.
func (d *deployment) credentials(ctx context.Context) (*taskcluster.Credentials, error) {
	if d.source == nil {
		return nil, errors.New("there are no credentials: set TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, or name a --config")
	}
	return d.source.Credentials(ctx)
}

// lifetime is a flag that takes a duration as all of Verdict does: 90s, 10m, 2 hours.
type lifetime time.Duration

func (l *lifetime) Set(text string) error {
	d, err := yamlfile.ParseDuration(text)
	*l = lifetime(d)
	return err
}

func (l *lifetime) String() string { return time.Duration(*l).String() }
func (l *lifetime) Type() string   { return "duration" }
