package gerrit

import (
	"context"
	"net/http"
)

// TokenInfo is one of the tokens with which an account logs in, as a password.
// Gerrit has them since 3.13. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-accounts.html#auth-token-info.
type TokenInfo struct {
	ID string `json:"id"`
	// Expiration is zero for one that stays valid.
	Expiration TimeStamp `json:"expiration,omitzero"`
}

// NewToken is a token that was just made: only here is it told what it is.
type NewToken struct {
	TokenInfo
	Token string `json:"token"`
}

// String has no token in it, so that it may be logged.
func (t NewToken) String() string { return "token " + t.ID }

// GoString has no token in it.
func (t NewToken) GoString() string { return t.String() }

// TokenInput says how long a token is valid, as "30d" or "12h"; "" is as long
// as the server lets it.
type TokenInput struct {
	Lifetime string `json:"lifetime,omitempty"`
}

// ListTokens gives the tokens of an account, "self" or another as
// GetAccountInfo takes it, if we may administer that.
func (c *Client) ListTokens(ctx context.Context, accountID string) ([]TokenInfo, error) {
	var tokens []TokenInfo
	_, err := c.do(ctx, call{method: http.MethodGet, path: tokensOf(accountID), out: &tokens})
	return tokens, err
}

// CreateToken makes a token, beside those that there are: so credentials can
// be changed without a gap. An ID that is taken is an error, and so is one that
// begins with a digit.
func (c *Client) CreateToken(ctx context.Context, accountID, tokenID string, in TokenInput) (*NewToken, error) {
	var token NewToken
	if _, err := c.do(ctx, call{method: http.MethodPut, path: tokensOf(accountID) + escape(tokenID), body: in, out: &token}); err != nil {
		return nil, err
	}
	return &token, nil
}

// DeleteToken makes a token invalid.
func (c *Client) DeleteToken(ctx context.Context, accountID, tokenID string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: tokensOf(accountID) + escape(tokenID)})
	return err
}

func tokensOf(accountID string) string { return "/accounts/" + escape(accountID) + "/tokens/" }
