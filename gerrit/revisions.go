package gerrit

import (
	"context"
	"net/http"
	"net/url"
)

// revisionCall is a call about a revision of a change: a commit ID, a patch
// set's number or "current".
func revisionCall(method, changeID, revision, below string, body, out any) call {
	return changeCall(method, changeID, "/revisions/"+escape(revision)+below, body, out)
}

// ListFiles gives the files of a revision against its first parent, by their
// paths; /COMMIT_MSG is among them. The revision is a commit ID, a patch set's
// number or "current".
func (c *Client) ListFiles(ctx context.Context, changeID, revision string) (map[string]*FileInfo, error) {
	var files map[string]*FileInfo
	_, err := c.do(ctx, revisionCall(http.MethodGet, changeID, revision, "/files/", nil, &files))
	return files, err
}

// GetRevisionFileContent gives a file as it is in a revision. The error is
// ErrResourceNotExist if there is none.
func (c *Client) GetRevisionFileContent(ctx context.Context, changeID, revision, path string) ([]byte, error) {
	return c.content(ctx, revisionCall(http.MethodGet, changeID, revision, "/files/"+escape(path)+"/content", nil, nil))
}

// GetPatch gives a revision as "git format-patch" would.
func (c *Client) GetPatch(ctx context.Context, changeID, revision string) ([]byte, error) {
	return c.content(ctx, revisionCall(http.MethodGet, changeID, revision, "/patch", nil, nil))
}

// DiffInfo is what a revision changes in a file. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#diff-info.
type DiffInfo struct {
	// MetaA and MetaB are the file before and after; nil where it isn't there.
	MetaA *DiffFileMetaInfo `json:"meta_a,omitempty"`
	MetaB *DiffFileMetaInfo `json:"meta_b,omitempty"`
	// ChangeType is ADDED, MODIFIED, DELETED, RENAMED, COPIED or REWRITE.
	ChangeType string   `json:"change_type"`
	DiffHeader []string `json:"diff_header,omitempty"`
	// Content is the whole file in pieces, but for what is skipped.
	Content []DiffContent `json:"content"`
	Binary  bool          `json:"binary,omitempty"`
}

// DiffFileMetaInfo is a file on one side of a diff.
type DiffFileMetaInfo struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Lines       int    `json:"lines"`
}

// DiffContent is a piece of a diff: lines of both sides (AB), or of one (A, B).
type DiffContent struct {
	A    []string `json:"a,omitempty"`
	B    []string `json:"b,omitempty"`
	AB   []string `json:"ab,omitempty"`
	Skip int      `json:"skip,omitempty"`
	// Common tells that the sides differ in blanks that were not looked at,
	// and DueToRebase that it isn't this revision that changed them.
	Common      bool `json:"common,omitempty"`
	DueToRebase bool `json:"due_to_rebase,omitempty"`
}

// GetDiff gives what a revision changes in a file. Base is another patch set's
// number, or "" for the commit's parent.
func (c *Client) GetDiff(ctx context.Context, changeID, revision, path, base string) (*DiffInfo, error) {
	var diff DiffInfo
	call := revisionCall(http.MethodGet, changeID, revision, "/files/"+escape(path)+"/diff", nil, &diff)
	if base != "" {
		call.query = url.Values{"base": {base}}
	}
	if _, err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return &diff, nil
}

// CommitMessageInfo contains information about a commit message. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#commit-message-info.
type CommitMessageInfo struct {
	Subject     string            `json:"subject"`
	FullMessage string            `json:"full_message"`
	Footers     map[string]string `json:"footers"`
}

// GetCommitMessage gives the commit message of a change's current revision.
func (c *Client) GetCommitMessage(ctx context.Context, changeID string) (CommitMessageInfo, error) {
	var message CommitMessageInfo
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/message", nil, &message))
	return message, err
}

// MergeableInfo contains information about the mergeability of a change. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#mergeable-info.
type MergeableInfo struct {
	SubmitType   string `json:"submit_type"`
	Strategy     string `json:"strategy"`
	Mergeable    bool   `json:"mergeable"`
	CommitMerged bool   `json:"commit_merged"`
}

// GetMergeable tells whether a revision can be merged without conflicts. The
// server works it out for this call. The error is ErrConflict if the change
// isn't open, or the revision isn't its current one.
func (c *Client) GetMergeable(ctx context.Context, changeID, revision string) (MergeableInfo, error) {
	var info MergeableInfo
	_, err := c.do(ctx, revisionCall(http.MethodGet, changeID, revision, "/mergeable", nil, &info))
	return info, err
}

// RelatedChangesInfo contains information about a set of related changes. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#related-changes-info.
type RelatedChangesInfo struct {
	Changes []RelatedChangeAndCommitInfo `json:"changes"`
}

// RelatedChangeAndCommitInfo contains information about a particular change at
// a particular commit.
type RelatedChangeAndCommitInfo struct {
	Project      string `json:"project"`
	ChangeID     string `json:"change_id"`
	ChangeNumber int32  `json:"_change_number"`
	// RevisionNumber is the patch set of the commit, and CurrentRevisionNumber
	// the change's newest.
	RevisionNumber        int        `json:"_revision_number"`
	CurrentRevisionNumber int        `json:"_current_revision_number"`
	Commit                CommitInfo `json:"commit"`
	Status                string     `json:"status"`
}

// GetRelatedChanges gives the changes that a revision builds on and that build
// on it, newest first, itself among them; none if there are no others.
func (c *Client) GetRelatedChanges(ctx context.Context, changeID, revision string) (*RelatedChangesInfo, error) {
	var related RelatedChangesInfo
	if _, err := c.do(ctx, revisionCall(http.MethodGet, changeID, revision, "/related", nil, &related)); err != nil {
		return nil, err
	}
	return &related, nil
}

// ActionInfo is something that we may do with a change or revision, as a page would
// offer it. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#action-info.
type ActionInfo struct {
	Method  string `json:"method"`
	Label   string `json:"label"`
	Title   string `json:"title"`
	Enabled bool   `json:"enabled"`
}

// GetRevisionActions gives what we may do with a revision, by names such as
// "submit" and "rebase".
func (c *Client) GetRevisionActions(ctx context.Context, changeID, revision string) (map[string]*ActionInfo, error) {
	var actions map[string]*ActionInfo
	_, err := c.do(ctx, revisionCall(http.MethodGet, changeID, revision, "/actions", nil, &actions))
	return actions, err
}
