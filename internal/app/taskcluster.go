package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"verdict/gerrit"
	"verdict/internal/deliver"
	"verdict/taskcluster"
	"verdict/taskcluster/api/tcauth"
)

// queue calls Taskcluster's queue, or stands in for it where none is configured.
func (b *bot) queue(trusted *tls.Config) (Queue, error) {
	t := b.cfg.Taskcluster
	if t.RootURL == "" {
		return noQueue{}, nil
	}
	q, err := taskcluster.NewQueue(t.RootURL, b.credentials(), taskcluster.Options{HTTPClient: httpClient(trusted), ArtifactHosts: t.ArtifactHosts})
	if err != nil {
		return nil, fmt.Errorf("taskcluster: %w", err)
	}
	return q, nil
}

// services are called for hooks and calls, once at a time: how often, deliver decides.
func (b *bot) services(trusted *tls.Config) (deliver.Services, error) {
	t := b.cfg.Taskcluster
	if t.RootURL == "" {
		return noQueue{}, nil
	}
	s, err := taskcluster.NewServices(t.RootURL, b.credentials(), taskcluster.Options{HTTPClient: httpClient(trusted), Attempts: 1})
	if err != nil {
		return nil, fmt.Errorf("taskcluster: %w", err)
	}
	return s, nil
}

// roles asks auth what a role gives; nil where no Taskcluster is configured.
func (b *bot) roles(trusted *tls.Config) func(ctx context.Context, role string) ([]string, error) {
	if b.cfg.Taskcluster.RootURL == "" {
		return nil
	}
	auth := tcauth.New(nil, b.cfg.Taskcluster.RootURL)
	auth.API.Source, auth.API.Authenticate, auth.API.HTTPClient = b.credentials(), true, httpClient(trusted)
	return func(ctx context.Context, role string) ([]string, error) {
		given, err := auth.ExpandScopes(ctx, &tcauth.Scopeset{Scopes: []string{role}})
		if err != nil {
			return nil, err
		}
		return given.Scopes, nil
	}
}

func (b *bot) credentials() taskcluster.CredentialSource {
	return &taskcluster.RotatingCredentials{ClientID: b.cfg.Taskcluster.ClientID, AccessToken: b.cfg.Taskcluster.AccessToken.Read}
}

// httpClient is nil, the client's own, unless other certificates are trusted too.
func httpClient(trusted *tls.Config) taskcluster.ReducedHTTPClient {
	if trusted == nil {
		return nil
	}
	return &http.Client{Transport: gerrit.NewTransport(trusted)} // redirects aren't followed, whatever it says
}
