package gerrit

import (
	"context"
	"net/http"
)

// CapabilityInfo is what an account may do on the whole server, as far as it
// matters to a bot. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-accounts.html#capability-info.
type CapabilityInfo struct {
	// QueryLimit is how many changes a page may have; nil: none may be asked
	// for.
	QueryLimit *QueryLimitInfo `json:"queryLimit,omitempty"`
	// StreamEvents tells that it may read the event stream by SSH.
	StreamEvents       bool `json:"streamEvents,omitempty"`
	EmailReviewers     bool `json:"emailReviewers,omitempty"`
	ViewAllAccounts    bool `json:"viewAllAccounts,omitempty"`
	AdministrateServer bool `json:"administrateServer,omitempty"`
	MaintainServer     bool `json:"maintainServer,omitempty"`
	CreateProject      bool `json:"createProject,omitempty"`
	ModifyAccount      bool `json:"modifyAccount,omitempty"`
	// Priority is BATCH for accounts whose requests give way to people's.
	Priority string `json:"priority,omitempty"`
}

// QueryLimitInfo is how many results a query may have.
type QueryLimitInfo struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// Capabilities gives what we may do on the whole server.
func (c *Client) Capabilities(ctx context.Context) (*CapabilityInfo, error) {
	var info CapabilityInfo
	if _, err := c.do(ctx, call{method: http.MethodGet, path: "/accounts/self/capabilities", out: &info}); err != nil {
		return nil, err
	}
	return &info, nil
}
