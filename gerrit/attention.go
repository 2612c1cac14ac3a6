package gerrit

import (
	"context"
	"net/http"
)

// AttentionSetInfo is somebody who has to do something about a change next.
// See https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#attention-set-info.
type AttentionSetInfo struct {
	Account    AccountInfo `json:"account"`
	LastUpdate TimeStamp   `json:"last_update"`
	Reason     string      `json:"reason"`
}

// AttentionSetInput names an account and why it is added to the attention set
// or removed. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#attention-set-input.
type AttentionSetInput struct {
	User   string `json:"user,omitempty"`
	Reason string `json:"reason"`
	// Notify is as in ReviewInput.
	Notify string `json:"notify,omitempty"`
}

// GetAttentionSet gives who has to do something about a change next.
func (c *Client) GetAttentionSet(ctx context.Context, changeID string) ([]AttentionSetInfo, error) {
	var set []AttentionSetInfo
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/attention", nil, &set))
	return set, err
}

// AddToAttentionSet adds an account that is an owner, uploader, reviewer or CC
// of the change. One that is in it already stays as it is.
func (c *Client) AddToAttentionSet(ctx context.Context, changeID string, in AttentionSetInput) (AccountInfo, error) {
	var account AccountInfo
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/attention", in, &account))
	return account, err
}

// RemoveFromAttentionSet removes an account; one that isn't in it is no error.
func (c *Client) RemoveFromAttentionSet(ctx context.Context, changeID string, in AttentionSetInput) error {
	body := AttentionSetInput{Reason: in.Reason, Notify: in.Notify}
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/attention/"+escape(in.User)+"/delete", body, nil))
	return err
}
