package contract

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// authCase is one way to be a caller, and what auth says to it. The call needs a
// scope that the caller lacks, so 403 means that the signature was taken.
type authCase struct {
	name string
	// from the environment's permanent credentials
	credentials func(own taskcluster.Credentials) *taskcluster.Credentials
	header      func(string) string // changes the header that was signed
	status      int
	message     string // what it begins with
}

const accepted = 403

var extField = regexp.MustCompile(`, ext="[^"]*"`)

var authCases = []authCase{
	{name: "nobody", status: 403, message: "This request requires Taskcluster credentials that satisfy",
		credentials: func(taskcluster.Credentials) *taskcluster.Credentials { return nil }},
	{name: "an unknown client", status: 401, message: "Client with clientId 'no/such-client' not found",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			return &taskcluster.Credentials{ClientID: "no/such-client", AccessToken: own.AccessToken}
		}},
	{name: "another token", status: 401, message: "Unauthorized: Bad mac",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			own.AccessToken += "x"
			return &own
		}},
	{name: "permanent credentials", status: accepted, message: "Client ID ",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials { return &own }},
	{name: "named temporary credentials", status: accepted, message: "Client ID ", credentials: certified(nil)},
	{name: "unnamed temporary credentials", status: accepted, message: "Client ID ", credentials: unnamed},
	{name: "a name that the issuer may not give", status: 401, message: "ext.certificate issuer `",
		credentials: certifiedAs("verdict-contract-foreign", nil)},
	{name: "scopes beyond the issuer's", status: 401, message: "ext.certificate issuer `",
		credentials: certified(func(c *taskcluster.Certificate) { c.Scopes = []string{"auth:create-client:*"} })},
	{name: "start in 4 minutes", status: accepted, message: "Client ID ",
		credentials: certified(func(c *taskcluster.Certificate) { c.Start += minutes(4) })},
	{name: "start in 6 minutes", status: 401, message: "ext.certificate.start > now",
		credentials: certified(func(c *taskcluster.Certificate) { c.Start += minutes(6) })},
	{name: "expired for 4 minutes", status: accepted, message: "Client ID ",
		credentials: certified(func(c *taskcluster.Certificate) { c.Start -= minutes(60); c.Expiry = nowMillis() - minutes(4) })},
	{name: "expired for 6 minutes", status: 401, message: "ext.certificate.expiry < now",
		credentials: certified(func(c *taskcluster.Certificate) { c.Start -= minutes(60); c.Expiry = nowMillis() - minutes(6) })},
	{name: "31 days", status: accepted, message: "Client ID ",
		credentials: certified(func(c *taskcluster.Certificate) { c.Expiry = c.Start + minutes(31*24*60) })},
	{name: "31 days and a millisecond", status: 401, message: "ext.certificate cannot last longer than 31 days!",
		credentials: certified(func(c *taskcluster.Certificate) { c.Expiry = c.Start + minutes(31*24*60) + 1 })},
	{name: "a seed of 43", status: 401, message: "ext.certificate.seed must be 44 characters",
		credentials: certified(func(c *taskcluster.Certificate) { c.Seed = c.Seed[1:] })},
	{name: "another name than was signed", status: 401, message: "ext.certificate.signature is not valid",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			creds := certified(nil)(own)
			creds.ClientID += "x"
			return creds
		}},
	{name: "scopes reordered after signing", status: 401, message: "ext.certificate.signature is not valid",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			creds := certified(func(c *taskcluster.Certificate) {
				c.Scopes = []string{"queue:create-task:project:none", "auth:create-client:" + own.ClientID + "/*"}
			})(own)
			var cert taskcluster.Certificate
			if json.Unmarshal([]byte(creds.Certificate), &cert) != nil {
				panic("the certificate was just written")
			}
			cert.Scopes[0], cert.Scopes[1] = cert.Scopes[1], cert.Scopes[0]
			creds.Certificate = written(cert)
			return creds
		}},
	{name: "authorized for nothing", status: accepted, message: "Client ID ",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			own.AuthorizedScopes = []string{}
			return &own
		}},
	{name: "authorized for a part", status: accepted, message: "Client ID ",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			own.AuthorizedScopes = []string{"queue:create-task:project:none"}
			return &own
		}},
	{name: "authorized for more than they have", status: 401, message: "Supplied credentials do not satisfy authorizedScopes; credentials have scopes:",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			own.AuthorizedScopes = []string{"auth:create-client:*"}
			return &own
		}},
	{name: "authorized for what is no scope", status: 401, message: "ext.authorizedScopes must be an array of valid scopes",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials {
			own.AuthorizedScopes = []string{"a\nb"}
			return &own
		}},
	{name: "a header that is too long", status: 401, message: "",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials { return &own },
		header:      func(h string) string { return h + `, app="` + strings.Repeat("x", 4096) + `"` }},
	{name: "a header that isn't Hawk's", status: 401, message: "",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials { return &own },
		header:      func(string) string { return "Bearer x" }},
	{name: "ext that isn't base64", status: 401, message: "Failed to parse ext",
		credentials: func(own taskcluster.Credentials) *taskcluster.Credentials { return &own },
		header:      func(h string) string { return extField.ReplaceAllString(h, "") + `, ext="%%%"` }},
}

func testAuthentication(t *testing.T, env Env) {
	for _, c := range authCases {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, strings.TrimRight(env.RootURL, "/")+"/api/auth/v1/scopes/current", nil)
			if err != nil {
				t.Fatal(err)
			}
			if creds := c.credentials(env.Credentials); creds != nil {
				if err := creds.SignRequest(req); err != nil {
					t.Fatal(err)
				}
			}
			if c.header != nil {
				req.Header.Set("Authorization", c.header(req.Header.Get("Authorization")))
			}
			got := do(t, req)
			if got.status != c.status || !strings.HasPrefix(got.message, c.message) {
				first, _, _ := strings.Cut(got.message, "\n")
				t.Errorf("answered %d %s, want %d %s", got.status, first, c.status, c.message)
			}
		})
	}
	t.Run("the same header twice", func(t *testing.T) {
		req, err := http.NewRequest(http.MethodGet, strings.TrimRight(env.RootURL, "/")+"/api/auth/v1/scopes/current", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := env.Credentials.SignRequest(req); err != nil {
			t.Fatal(err)
		}
		first, second := do(t, req), do(t, req.Clone(t.Context()))
		if first.status != second.status {
			t.Errorf("answered %d, then %d; services don't remember nonces", first.status, second.status)
		}
	})
}

// certified are named temporary credentials whose certificate was changed before
// it was signed.
func certified(change func(*taskcluster.Certificate)) func(taskcluster.Credentials) *taskcluster.Credentials {
	return func(own taskcluster.Credentials) *taskcluster.Credentials {
		return certifiedAs(own.ClientID+"/contract", change)(own)
	}
}

func certifiedAs(name string, change func(*taskcluster.Certificate)) func(taskcluster.Credentials) *taskcluster.Credentials {
	return func(own taskcluster.Credentials) *taskcluster.Credentials {
		creds, err := own.CreateNamedTemporaryCredentials(name, 5*time.Minute, "queue:create-task:project:none")
		if err != nil {
			panic(err) // the suite's own arguments
		}
		if change == nil {
			return creds
		}
		cert, err := creds.Cert()
		if err != nil {
			panic(err)
		}
		change(cert)
		if err := cert.Sign(own.AccessToken, name); err != nil {
			panic(err)
		}
		creds.Certificate = written(*cert)
		return creds
	}
}

func unnamed(own taskcluster.Credentials) *taskcluster.Credentials {
	creds, err := own.CreateTemporaryCredentials(5*time.Minute, "queue:create-task:project:none")
	if err != nil {
		panic(err)
	}
	return creds
}

func written(cert taskcluster.Certificate) string {
	text, err := json.Marshal(cert)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(text)
}

func nowMillis() int64 { return time.Now().UnixMilli() }

func minutes(n int64) int64 { return n * 60_000 }
