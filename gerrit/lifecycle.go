package gerrit

import (
	"context"
	"net/http"
)

// messageInput is the body of calls that take nothing but a message.
type messageInput struct {
	Message string `json:"message,omitempty"`
}

// AbandonChange abandons the given change. The error is ErrConflict if it isn't
// open.
func (c *Client) AbandonChange(ctx context.Context, changeID string, message ...string) error {
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/abandon", messageInput{first(message)}, nil))
	return err
}

// RestoreChange opens an abandoned change again. The error is ErrConflict if it
// isn't abandoned.
func (c *Client) RestoreChange(ctx context.Context, changeID string, message ...string) error {
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/restore", messageInput{first(message)}, nil))
	return err
}

// SubmitChange merges a change, with the changes that it builds on. The error
// is ErrConflict if it isn't open, not submittable, or doesn't merge.
func (c *Client) SubmitChange(ctx context.Context, changeID string) (ChangeInfo, error) {
	return c.changed(ctx, changeCall(http.MethodPost, changeID, "/submit", struct{}{}, nil))
}

// DeleteChange deletes a change that isn't merged.
func (c *Client) DeleteChange(ctx context.Context, changeID string) error {
	call := changeCall(http.MethodDelete, changeID, "", nil, nil)
	call.whole = true
	_, err := c.do(ctx, call)
	return err
}

// SetReadyForReview ends that a change is a work in progress. The error is
// ErrConflict if it isn't one.
func (c *Client) SetReadyForReview(ctx context.Context, changeID string, message ...string) error {
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/ready", messageInput{first(message)}, nil))
	return err
}

// SetWorkInProgress makes a change a work in progress, which its owner may do,
// and whom the project lets. The error is ErrConflict if it is one.
func (c *Client) SetWorkInProgress(ctx context.Context, changeID string, message ...string) error {
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/wip", messageInput{first(message)}, nil))
	return err
}

// SetPrivate hides a change from everybody but its reviewers, or shows it
// again. It is no error if it is so already.
func (c *Client) SetPrivate(ctx context.Context, changeID string, private bool, message ...string) error {
	call := changeCall(http.MethodPost, changeID, "/private", messageInput{first(message)}, nil)
	if !private {
		call.path += ".delete"
	}
	_, err := c.do(ctx, call)
	return err
}

// RebaseInput contains the options for rebasing a change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#rebase-input.
type RebaseInput struct {
	// Base is a change's number or a commit ID; "" is the branch's tip, or the
	// newest patch set of the change that it builds on.
	Base           string `json:"base,omitempty"`
	AllowConflicts bool   `json:"allow_conflicts,omitempty"`
	// OnBehalfOfUploader keeps the uploader, with whose rights it is done.
	OnBehalfOfUploader bool `json:"on_behalf_of_uploader,omitempty"`
}

// RebaseChange makes a patch set on another base. The error is ErrConflict if
// it stands on it already, or doesn't merge.
func (c *Client) RebaseChange(ctx context.Context, changeID string, in RebaseInput) (ChangeInfo, error) {
	return c.changed(ctx, changeCall(http.MethodPost, changeID, "/rebase", in, nil))
}

// MoveInput contains the options for moving a change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#move-input.
type MoveInput struct {
	DestinationBranch string `json:"destination_branch"`
	Message           string `json:"message,omitempty"`
	// KeepAllVotes keeps those too that would block on the new branch; only
	// administrators may.
	KeepAllVotes bool `json:"keep_all_votes,omitempty"`
}

// MoveChange moves a change to another branch of its project. The error is
// ErrConflict if it is there already, or isn't open.
func (c *Client) MoveChange(ctx context.Context, changeID string, in MoveInput) (ChangeInfo, error) {
	return c.changed(ctx, changeCall(http.MethodPost, changeID, "/move", in, nil))
}

// CherryPickInput contains the options for creating a new cherry-pick. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#cherrypick-input.
type CherryPickInput struct {
	Destination    string `json:"destination"`
	KeepReviewers  bool   `json:"keep_reviewers,omitempty"`
	AllowConflicts bool   `json:"allow_conflicts,omitempty"`
	// Message is the commit's; "" is that of the commit that is picked.
	Message string `json:"message,omitempty"`
}

// CherryPickRevision makes a change on another branch of a patch set, and
// gives it.
func (c *Client) CherryPickRevision(ctx context.Context, changeID, revisionID string, in CherryPickInput) (ChangeInfo, error) {
	return c.changed(ctx, changeCall(http.MethodPost, changeID, "/revisions/"+escape(revisionID)+"/cherrypick", in, nil))
}

// ChangeInput contains the options for creating a new change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#change-input.
type ChangeInput struct {
	Project string `json:"project"`
	Branch  string `json:"branch"`
	Subject string `json:"subject"`
	Topic   string `json:"topic,omitempty"`
	// WorkInProgress and IsPrivate are as in ChangeInfo.
	WorkInProgress bool `json:"work_in_progress,omitempty"`
	IsPrivate      bool `json:"is_private,omitempty"`
}

// CreateChange makes a change without files; ChangeFileContentInChangeEdit and
// PublishChangeEdit put some in.
func (c *Client) CreateChange(ctx context.Context, in ChangeInput) (ChangeInfo, error) {
	return c.changed(ctx, call{method: http.MethodPost, path: "/changes/", body: in})
}

// changed makes a call that answers with a change.
func (c *Client) changed(ctx context.Context, call call) (info ChangeInfo, err error) {
	call.out = &info
	_, err = c.do(ctx, call)
	return info, err
}
