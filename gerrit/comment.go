package gerrit

import (
	"context"
	"net/http"
)

// PatchSetLevel is the path under which comments on a patch set as a whole are
// kept.
const PatchSetLevel = "/PATCHSET_LEVEL"

// CommentInput contains information for creating an inline comment. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#comment-input.
type CommentInput struct {
	// Line is 0 for a comment on the file. With a Range it is the range's
	// last line, and may be left out. Gerrit takes lines that a file hasn't.
	Line  int           `json:"line,omitempty"`
	Range *CommentRange `json:"range,omitempty"`
	// Side is REVISION, the default, or PARENT.
	Side    string `json:"side,omitempty"`
	Message string `json:"message"`

	// InReplyTo is the ID of the comment that this one answers.
	InReplyTo string `json:"in_reply_to,omitempty"`
	// Unresolved says whether somebody has to do something about it; nil is as
	// the comment that it answers, else no.
	Unresolved *bool `json:"unresolved,omitempty"`
}

// CommentRange is a part of a file that a comment is about. Lines begin at 1,
// characters at 0; the last character is not in it.
type CommentRange struct {
	StartLine      int `json:"start_line"`
	StartCharacter int `json:"start_character"`
	EndLine        int `json:"end_line"`
	EndCharacter   int `json:"end_character"`
}

// CommentInfo contains information about an inline comment. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#comment-info.
type CommentInfo struct {
	PatchSet int    `json:"patch_set,omitempty"`
	CommitID string `json:"commit_id,omitempty"`
	ID       string `json:"id"`
	// Path is "" where the comments are given by their paths.
	Path  string        `json:"path,omitempty"`
	Side  string        `json:"side,omitempty"`
	Line  int           `json:"line,omitempty"`
	Range *CommentRange `json:"range,omitempty"`

	Message   string       `json:"message,omitempty"`
	Updated   TimeStamp    `json:"updated"`
	Author    *AccountInfo `json:"author,omitempty"`
	InReplyTo string       `json:"in_reply_to,omitempty"`
	// Unresolved of a thread's last comment tells whether the thread is.
	Unresolved *bool  `json:"unresolved,omitempty"`
	Tag        string `json:"tag,omitempty"`
	// ChangeMessageID is the ID of the message that it came with.
	ChangeMessageID string `json:"change_message_id,omitempty"`
}

// ListChangeComments gives the published comments of all patch sets, by path;
// those on a patch set as a whole are under PatchSetLevel.
func (c *Client) ListChangeComments(ctx context.Context, changeID string) (map[string][]CommentInfo, error) {
	var comments map[string][]CommentInfo
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/comments", nil, &comments))
	return comments, err
}
