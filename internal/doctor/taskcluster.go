package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/tcauth"
	"verdict/taskcluster/scopes"
)

// Taskcluster is the deployment, and what the bot's client is to have there.
type Taskcluster struct {
	RootURL, ClientID string
	Credentials       taskcluster.CredentialSource
	// HTTP is nil for the client's own.
	HTTP *http.Client
	// Needed are the scopes that the client needs, as bot scopes prints them.
	Needed []string
}

// taskclusterSkew is from when on clocks matter: a signature is good for a minute.
const taskclusterSkew = 15 * time.Second

// Examine looks at the deployment and the client.
func (t Taskcluster) Examine(ctx context.Context) Report {
	f := &findings{service: "taskcluster"}
	auth := tcauth.New(nil, t.RootURL)
	if t.HTTP != nil {
		auth.API.HTTPClient = t.HTTP
	}
	if _, err := auth.Ping(ctx); err != nil {
		f.missing("connect", err.Error(), fmt.Sprintf("see that %s is the deployment's root URL and can be reached from here", t.RootURL))
		return f.report
	}
	f.fine("connect", "%s answers", t.RootURL)
	f.clock(ctx, t.HTTP, strings.TrimRight(t.RootURL, "/")+"/api/auth/v1/ping", taskclusterSkew, "signed calls are refused")

	auth.API.Source, auth.API.Authenticate = t.Credentials, true
	have, err := auth.CurrentScopes(ctx)
	var refusal *taskcluster.APIError
	switch {
	case err == nil:
		f.fine("credentials", "%s", t.ClientID)
		t.scopes(f, have.Scopes)
	case errors.As(err, &refusal) && refusal.StatusCode == http.StatusForbidden:
		f.fine("credentials", "%s", t.ClientID)
		f.note("scopes", "the client may not ask which scopes it has, so they can't be compared with those that it needs",
			"grant auth:current-scopes to "+t.ClientID+" or to the role anonymous")
	case errors.As(err, &refusal) && refusal.StatusCode == http.StatusUnauthorized:
		f.missing("credentials", fmt.Sprintf("the access token of %s isn't accepted: %s", t.ClientID, refusal.Message),
			"see that the client exists, is enabled and hasn't expired; reset its access token, and put that into taskcluster.accessTokenFile")
	default:
		f.missing("credentials", err.Error(), "see whether the deployment's auth service is well, and that taskcluster.accessTokenFile can be read; then look again")
	}
	return f.report
}

// scopes compares what the client has with what it needs.
func (t Taskcluster) scopes(f *findings, have []string) {
	create := "auth:create-client:" + t.ClientID + "/*"
	lacking := scopes.Missing(have, t.Needed)
	if len(lacking) == 0 {
		f.fine("scopes", "%s, all that bot scopes lists", plural(len(t.Needed), "scope"))
		return
	}
	if slices.Contains(lacking, create) {
		f.missing("scopes", create+" is missing: no task can be created with credentials of its own", t.add(create))
		lacking = slices.DeleteFunc(lacking, func(s string) bool { return s == create })
	}
	for _, scope := range lacking {
		f.missing("scopes", scope+" is missing, which the bot or a team's grant needs", t.add(scope))
	}
}

func (t Taskcluster) add(scope string) string {
	return fmt.Sprintf("add %q to the role client-id:%s; bot scopes prints it whole", scope, t.ClientID)
}
