package gerrit

import (
	"context"
	"fmt"
	"net/http"
)

// States of a reviewer.
const (
	ReviewerStateReviewer = "REVIEWER"
	ReviewerStateCC       = "CC"
	ReviewerStateRemoved  = "REMOVED"
)

// ReviewerInput contains information for adding a reviewer to a change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#reviewer-input.
type ReviewerInput struct {
	// Reviewer is an account as GetAccountInfo takes it, or a group.
	Reviewer string `json:"reviewer"`
	// State is ReviewerStateReviewer, the default, or ReviewerStateCC; and
	// ReviewerStateRemoved within a review.
	State string `json:"state,omitempty"`
	// Confirmed lets a large group be added.
	Confirmed bool `json:"confirmed,omitempty"`
	// Notify is as in ReviewInput.
	Notify string `json:"notify,omitempty"`
}

// ReviewerInfo contains information about reviewers of a change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#reviewer-info.
type ReviewerInfo struct {
	AccountInfo
	// Approvals are the votes by label, such as "+1" and " 0".
	Approvals map[string]string `json:"approvals"`
}

// ReviewerResult is what came of adding a reviewer.
type ReviewerResult struct {
	// Input is what was asked for.
	Input string `json:"input"`
	// Reviewers and CCs are who was added; none if they were there already.
	Reviewers []ReviewerInfo `json:"reviewers,omitempty"`
	CCs       []AccountInfo  `json:"ccs,omitempty"`
	// Removed is who was removed.
	Removed *AccountInfo `json:"removed,omitempty"`
	// Error says why nobody was added, and Confirm that the group is so large
	// that ReviewerInput.Confirmed is needed.
	Error   string `json:"error,omitempty"`
	Confirm bool   `json:"confirm,omitempty"`
}

// ReviewerUpdateInfo is a change of who reviews. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#review-update-info.
type ReviewerUpdateInfo struct {
	Updated   TimeStamp    `json:"updated"`
	UpdatedBy *AccountInfo `json:"updated_by"`
	Reviewer  *AccountInfo `json:"reviewer"`
	State     string       `json:"state"` // "REVIEWER", "CC", or "REMOVED"
}

// ListReviewers gives who reviews a change, those in CC too.
func (c *Client) ListReviewers(ctx context.Context, changeID string) ([]ReviewerInfo, error) {
	var reviewers []ReviewerInfo
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/reviewers/", nil, &reviewers))
	return reviewers, err
}

// AddReviewer adds an account or group to a change. To add somebody who is
// there already changes nothing. Somebody whom Gerrit doesn't know is an
// *HTTPError with status 400 that has Gerrit's reason.
func (c *Client) AddReviewer(ctx context.Context, changeID string, in ReviewerInput) (*ReviewerResult, error) {
	var result ReviewerResult
	header, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/reviewers", in, &result))
	if err != nil {
		return nil, err
	}
	if result.Error != "" {
		return &result, fmt.Errorf("gerrit: add %q to %s: %s%s", in.Reviewer, changeID, result.Error, traced(header.Get(traceHeader)))
	}
	return &result, nil
}

// AddReviewers is AddReviewer for several accounts, one call each, until the
// first error.
func (c *Client) AddReviewers(ctx context.Context, changeID string, in ...ReviewerInput) error {
	for _, reviewer := range in {
		if _, err := c.AddReviewer(ctx, changeID, reviewer); err != nil {
			return err
		}
	}
	return nil
}

// DeleteReviewer removes an account from a change, with its votes. The error
// is ErrResourceNotExist if it isn't there.
func (c *Client) DeleteReviewer(ctx context.Context, changeID, accountID string) error {
	_, err := c.do(ctx, changeCall(http.MethodDelete, changeID, "/reviewers/"+escape(accountID), nil, nil))
	return err
}

// DeleteVote takes back an account's vote on a label. The error is
// ErrResourceNotExist if there is none.
func (c *Client) DeleteVote(ctx context.Context, changeID, accountID, label string) error {
	_, err := c.do(ctx, changeCall(http.MethodDelete, changeID, "/reviewers/"+escape(accountID)+"/votes/"+escape(label), nil, nil))
	return err
}
