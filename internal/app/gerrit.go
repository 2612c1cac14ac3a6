package app

import (
	"crypto/tls"
	"net/http"

	"verdict/gerrit"
	"verdict/internal/config"
)

// GerritClient calls a server as the bot does: as its account, within its limits, trusting what trusted says besides the
// system's certificates.
func GerritClient(g config.Gerrit, trusted *tls.Config) *gerrit.Client {
	c := gerrit.NewClient(g.URL, gerrit.PasswordAuth(g.User, g.Token.Read))
	c.HTTPClient = &http.Client{Transport: gerrit.NewTransport(trusted)}
	c.RequestsPerSecond, c.Concurrent = g.Limits.RequestsPerSecond, g.Limits.Concurrent
	return c
}
