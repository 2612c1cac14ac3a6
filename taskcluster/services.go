package taskcluster

import (
	"context"
	"encoding/json"
	"fmt"
)

// Services calls any method of any service. It is safe for use by many
// goroutines.
type Services struct {
	rootURL string
	source  CredentialSource
	options Options
}

// NewServices are those of the deployment at rootURL. Of o, BaseURL is not for
// it.
func NewServices(rootURL string, source CredentialSource, o Options) (*Services, error) {
	if _, err := CheckRootURL(rootURL); err != nil {
		return nil, err
	}
	return &Services{rootURL: rootURL, source: source, options: o}, nil
}

// Format names whose services they are, whatever the verb: the source holds
// secrets.
func (s Services) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "services of %s", s.rootURL) }

// Call makes a call for caller, as [Client.As] does, and answers what came. It
// is tried as often as the options say: one attempt is for what may happen only
// once. After a 401, which says that nothing was done, it is made once more with
// credentials read anew.
func (s *Services) Call(ctx context.Context, service string, call Call, caller Caller) (json.RawMessage, error) {
	client := &Client{
		RootURL: s.rootURL, Service: service, Source: s.source, Authenticate: s.source != nil,
		HTTPClient: s.options.HTTPClient, Timeout: s.options.Timeout, Caller: caller,
		Retry: Retry{Attempts: s.options.Attempts, Pause: s.options.Pause, MaxPause: s.options.MaxPause},
	}
	answer, err := client.Send(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("call %s.%s: %w", service, call.Name, err)
	}
	return answer.Body, nil
}
