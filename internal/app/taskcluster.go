package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"verdict/gerrit"
	"verdict/taskcluster"
)

// queue calls Taskcluster's queue, or stands in for it where none is configured.
func (b *bot) queue(trusted *tls.Config) (Queue, error) {
	t := b.cfg.Taskcluster
	if t.RootURL == "" {
		return noQueue{}, nil
	}
	q, err := taskcluster.NewQueue(t.RootURL, b.credentials(), taskcluster.Options{HTTPClient: httpClient(trusted)})
	if err != nil {
		return nil, fmt.Errorf("taskcluster: %w", err)
	}
	return q, nil
}

// roles asks auth what a role gives; nil where no Taskcluster is configured.
func (b *bot) roles(trusted *tls.Config) func(ctx context.Context, role string) ([]string, error) {
	if b.cfg.Taskcluster.RootURL == "" {
		return nil
	}
	auth := taskcluster.Client{
		RootURL: b.cfg.Taskcluster.RootURL, Service: "auth", Source: b.credentials(), Authenticate: true, HTTPClient: httpClient(trusted),
	}
	return func(ctx context.Context, role string) ([]string, error) {
		var answer struct {
			Scopes []string `json:"scopes"`
		}
		err := auth.Do(ctx, taskcluster.Call{
			Name: "expandScopes", Method: http.MethodPost, Path: "/scopes/expand", Payload: map[string][]string{"scopes": {role}},
		}, &answer)
		return answer.Scopes, err
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
