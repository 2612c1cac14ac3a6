package taskcluster

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"verdict/taskcluster/scopes"
)

// Credentials are a client's id and secret, and for temporary ones the
// certificate. They print without secrets; their JSON, which is how they are
// handed on, has them.
type Credentials struct {
	ClientID    string `json:"clientId"`
	AccessToken string `json:"accessToken"`
	// Certificate is the JSON of a [Certificate], of temporary credentials only.
	Certificate string `json:"certificate"`
	// AuthorizedScopes limits the credentials further, to a subset of what they
	// have. Nil is no limit; an empty slice is no scopes at all.
	AuthorizedScopes []string `json:"authorizedScopes"`
}

// CredentialsFromEnvVars are those of TASKCLUSTER_CLIENT_ID,
// TASKCLUSTER_ACCESS_TOKEN and TASKCLUSTER_CERTIFICATE, unchecked; what isn't
// set is empty.
func CredentialsFromEnvVars() *Credentials {
	return &Credentials{
		ClientID:    os.Getenv("TASKCLUSTER_CLIENT_ID"),
		AccessToken: os.Getenv("TASKCLUSTER_ACCESS_TOKEN"),
		Certificate: os.Getenv("TASKCLUSTER_CERTIFICATE"),
	}
}

// Credentials makes credentials that never change a [CredentialSource].
func (creds *Credentials) Credentials(context.Context) (*Credentials, error) {
	return creds, nil
}

// Refused has nothing else to offer.
func (creds *Credentials) Refused(context.Context, *Credentials) (*Credentials, error) {
	return nil, nil
}

// Cert is the parsed certificate: nil for permanent credentials, and empty
// beside an error.
func (creds *Credentials) Cert() (*Certificate, error) {
	if creds.Certificate == "" {
		return nil, nil
	}
	return ParseCertificate(creds.Certificate)
}

const maxTemporary = 31 * 24 * time.Hour

// CreateTemporaryCredentials is CreateNamedTemporaryCredentials without a name.
func (creds *Credentials) CreateTemporaryCredentials(duration time.Duration, scopes ...string) (*Credentials, error) {
	return creds.CreateNamedTemporaryCredentials("", duration, scopes...)
}

// CreateNamedTemporaryCredentials are credentials valid from now on for the
// duration, at most 31 days, with these scopes only, which must be a subset of
// the permanent client's. Servers take a name only from a client that has
// auth:create-client:<name>. AuthorizedScopes go over unchanged. Temporary
// credentials cannot make others.
//
// No allowance for clocks is made, or needed: servers allow five minutes.
func (creds *Credentials) CreateNamedTemporaryCredentials(tempClientID string, duration time.Duration, scopes ...string) (*Credentials, error) {
	if err := creds.checkTemporary(tempClientID, duration, scopes); err != nil {
		return nil, fmt.Errorf("create temporary credentials %q of %q: %w", tempClientID, creds.ClientID, err)
	}
	start := time.Now()
	cert := &Certificate{
		Version: 1,
		Scopes:  scopes,
		Start:   start.UnixMilli(),
		Expiry:  start.Add(duration).UnixMilli(),
		Seed:    newSeed(),
	}
	clientID := creds.ClientID
	if tempClientID != "" {
		cert.Issuer, clientID = creds.ClientID, tempClientID
	}
	text := cert.appendText(make([]byte, 0, 512), clientID)
	cert.Signature = base64.StdEncoding.EncodeToString(hmacOf(creds.AccessToken, text))
	token := hmacOf(creds.AccessToken, []byte(cert.Seed))
	return &Credentials{
		ClientID:         clientID,
		AccessToken:      base64.RawURLEncoding.EncodeToString(token),
		Certificate:      string(cert.appendJSON(text[:0])),
		AuthorizedScopes: creds.AuthorizedScopes,
	}, nil
}

func (creds *Credentials) checkTemporary(tempClientID string, duration time.Duration, scopes []string) error {
	switch {
	case creds.ClientID == "" || creds.AccessToken == "":
		return errors.New("no client id or no access token")
	case creds.Certificate != "":
		return errors.New("they are temporary themselves")
	case duration <= 0 || duration > maxTemporary:
		return fmt.Errorf("%w: duration %s is not within 31 days", ErrInvalid, duration)
	case tempClientID == creds.ClientID:
		return errors.New("the name must differ from the issuer's")
	case tempClientID != "" && !validClientID(tempClientID):
		return fmt.Errorf("%w: a character of the name is not one of a client id; letters, digits and !@/:.+|_- are", ErrInvalid)
	}
	for _, s := range scopes {
		if !printable(s) {
			return fmt.Errorf("%w: scope %q has characters outside printable ASCII", ErrInvalid, s)
		}
	}
	return nil
}

// validClientID is the pattern of auth's schemas, which regexp takes longer for
// than signing does.
func validClientID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!@/:.+|_-", c) >= 0:
		default:
			return false
		}
	}
	return id != ""
}

// printable reports whether s is printable ASCII, as scopes are.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ForCall are credentials for one call made for somebody: named
// <client>/<suffix>, with just these scopes, for ttl. Credentials that are
// temporary already can't make others; they are limited to the scopes instead,
// and keep their name.
func (creds *Credentials) ForCall(suffix string, needed []string, ttl time.Duration) (*Credentials, error) {
	if creds.Certificate == "" {
		return creds.CreateNamedTemporaryCredentials(creds.ClientID+"/"+suffix, ttl, needed...)
	}
	if creds.AuthorizedScopes != nil {
		if missing := scopes.Missing(creds.AuthorizedScopes, needed); len(missing) > 0 {
			return nil, fmt.Errorf("limit %s to a call of %q: they lack %s", creds, suffix, strings.Join(missing, ", "))
		}
	}
	limited := *creds
	limited.AuthorizedScopes = append([]string{}, needed...)
	return &limited, nil
}

// String names the client and what limits it, and nothing secret.
func (creds Credentials) String() string {
	if creds.ClientID == "" {
		return "no credentials"
	}
	text := fmt.Sprintf("credentials of %q", creds.ClientID)
	if cert, err := creds.Cert(); err != nil {
		text += ", with an unreadable certificate"
	} else if cert != nil {
		text += fmt.Sprintf(", %v", cert)
	}
	if creds.AuthorizedScopes != nil {
		text += fmt.Sprintf(", limited to %d scopes", len(creds.AuthorizedScopes))
	}
	return text
}

// Format prints String, whatever the verb: %d or %#v would print the fields.
func (creds Credentials) Format(s fmt.State, _ rune) {
	fmt.Fprint(s, creds.String())
}

// LogValue is String: a handler that writes JSON would write the fields.
func (creds Credentials) LogValue() slog.Value {
	return slog.StringValue(creds.String())
}
