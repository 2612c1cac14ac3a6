package gerrit

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
)

// AccountInfo is a Gerrit data structure. It's used both for getting the
// details for a single account, as well as for querying multiple accounts.
type AccountInfo struct {
	NumericID int64  `json:"_account_id"`
	Name      string `json:"name,omitempty"`
	Email     string `json:"email,omitempty"`
	Username  string `json:"username,omitempty"`

	// Tags has "SERVICE_USER" for members of the group Service Users.
	Tags []string `json:"tags,omitempty"`

	// MoreAccounts is set on the last account from QueryAccounts if
	// the result set is truncated by an 'n' parameter (or has more).
	MoreAccounts bool `json:"_more_accounts,omitempty"`
}

// Equal tells whether two accounts are the same in all that is known of them.
func (ai *AccountInfo) Equal(v *AccountInfo) bool {
	if ai == nil || v == nil {
		return ai == v
	}
	return ai.NumericID == v.NumericID && ai.Name == v.Name && ai.Email == v.Email && ai.Username == v.Username &&
		slices.Equal(ai.Tags, v.Tags)
}

// QueryAccountsOpt are options for QueryAccounts.
type QueryAccountsOpt struct {
	// N is the number of results to return.
	// If 0, the 'n' parameter is not sent to Gerrit.
	N int

	// Start is the number of results to skip (useful in pagination).
	// To figure out if there are more results, the last AccountInfo struct
	// in the last call to QueryAccounts will have the field MoreAccounts=true.
	// If 0, the 'S' parameter is not sent to Gerrit.
	Start int

	// Fields are optional fields to also return.
	// Example strings include "DETAILS", "ALL_EMAILS".
	// By default, only the account IDs are returned.
	// For a complete list, see:
	// https://gerrit-review.googlesource.com/Documentation/rest-api-accounts.html#query-account
	Fields []string
}

// GetAccountInfo gets the specified account's information from Gerrit. The
// accountID is a number, user name, email address or "self". Note that getting
// "self" is a good way to validate host access.
func (c *Client) GetAccountInfo(ctx context.Context, accountID string) (AccountInfo, error) {
	var info AccountInfo
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/accounts/" + escape(accountID), out: &info})
	return info, err
}

// QueryAccounts queries accounts. The q parameter is a Gerrit search query.
// For the query syntax, see
// https://gerrit-review.googlesource.com/Documentation/user-search-accounts.html.
func (c *Client) QueryAccounts(ctx context.Context, q string, opts ...QueryAccountsOpt) ([]*AccountInfo, error) {
	opt := first(opts)
	query := QueryChangesOpt{N: opt.N, Start: opt.Start, Fields: opt.Fields}.values() // the same parameters
	query.Set("q", q)
	var accounts []*AccountInfo
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/accounts/", query: query, out: &accounts})
	return accounts, err
}

// AllAccounts gives all accounts that match a query, each once, a page at a
// time. Accounts that come to match or cease to while it runs hide no others.
// opt.N is the size of a page, 100 when 0; opt.Start isn't looked at. It ends
// at the first error.
func (c *Client) AllAccounts(ctx context.Context, q string, opt QueryAccountsOpt) iter.Seq2[*AccountInfo, error] {
	opt.N = cmp.Or(opt.N, defaultPage)
	return func(yield func(*AccountInfo, error) bool) {
		seen := map[int64]bool{}
		for opt.Start = 0; ; {
			page, err := c.QueryAccounts(ctx, q, opt)
			if err != nil {
				yield(nil, err)
				return
			}
			overlaps := opt.Start == 0
			for _, account := range page {
				if seen[account.NumericID] {
					overlaps = true
					continue
				}
				seen[account.NumericID] = true
				if !yield(account, nil) {
					return
				}
			}
			switch n := len(page); {
			case !overlaps:
				opt.Start = max(0, opt.Start-opt.N) // some left the results, and others moved to where we had been
			case n == 0 || !page[n-1].MoreAccounts:
				return
			default:
				opt.Start += max(1, n-1)
			}
		}
	}
}

// GetAccountGroups gives the names of the groups that an account is in, as far
// as we may see them, sorted: of others than oneself only those that are
// visible to all, unless one administers Gerrit.
func (c *Client) GetAccountGroups(ctx context.Context, accountID string) ([]string, error) {
	var groups []struct {
		Name string `json:"name"`
	}
	if _, err := c.do(ctx, call{method: http.MethodGet, path: "/accounts/" + escape(accountID) + "/groups", out: &groups}); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(groups))
	for _, g := range groups {
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return names, nil
}

// Version gives the server's version, such as "3.13.5".
func (c *Client) Version(ctx context.Context) (string, error) {
	var version string
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/config/server/version", out: &version})
	return version, err
}

// Ready tells whether the server answers as Gerrit does and, where there are
// credentials, takes them.
func (c *Client) Ready(ctx context.Context) error {
	if _, err := c.Version(ctx); err != nil {
		return err
	}
	if c.auth == NoAuth {
		return nil
	}
	_, err := c.GetAccountInfo(ctx, "self")
	return err
}
