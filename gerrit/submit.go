package gerrit

import (
	"context"
	"net/http"
)

// SubmitRevision is SubmitChange that merges a patch set only if it is the
// current one. The error is ErrConflict if another is, and as for SubmitChange.
func (c *Client) SubmitRevision(ctx context.Context, changeID, revision string) (ChangeInfo, error) {
	return c.changed(ctx, revisionCall(http.MethodPost, changeID, revision, "/submit", struct{}{}, nil))
}
