package gerrit

import (
	"context"
	"net/http"
)

// HashtagsInput is the request body used when modifying a change's hashtags.
// See https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#hashtags-input.
type HashtagsInput struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// SetHashtags modifies the hashtags for a change, supporting both adding and
// removing hashtags in one request. On success it returns the new set of
// hashtags, sorted. A tag in both Add and Remove is added if it isn't there, and
// removed if it is. Calls at the same time lose tags though all of them
// succeed: one writer a change.
func (c *Client) SetHashtags(ctx context.Context, changeID string, hashtags HashtagsInput) ([]string, error) {
	if len(hashtags.Add) == 0 && len(hashtags.Remove) == 0 {
		return c.GetHashtags(ctx, changeID) // to an empty input Gerrit answers with an empty set
	}
	return c.hashtags(ctx, http.MethodPost, changeID, hashtags)
}

// AddHashtags is a wrapper around SetHashtags that only supports adding tags.
func (c *Client) AddHashtags(ctx context.Context, changeID string, tags ...string) ([]string, error) {
	return c.SetHashtags(ctx, changeID, HashtagsInput{Add: tags})
}

// RemoveHashtags is a wrapper around SetHashtags that only supports removing
// tags.
func (c *Client) RemoveHashtags(ctx context.Context, changeID string, tags ...string) ([]string, error) {
	return c.SetHashtags(ctx, changeID, HashtagsInput{Remove: tags})
}

// GetHashtags returns a change's current hashtags, sorted.
func (c *Client) GetHashtags(ctx context.Context, changeID string) ([]string, error) {
	return c.hashtags(ctx, http.MethodGet, changeID, nil)
}

func (c *Client) hashtags(ctx context.Context, method, changeID string, body any) ([]string, error) {
	var tags []string
	_, err := c.do(ctx, changeCall(method, changeID, "/hashtags", body, &tags))
	return tags, err
}
