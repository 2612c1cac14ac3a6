package gerrit

// Possible values for the ChangeInfo Status field.
const (
	ChangeStatusNew       = "NEW"
	ChangeStatusAbandoned = "ABANDONED"
	ChangeStatusMerged    = "MERGED"
)

// ChangeInfo is a Gerrit data structure. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#change-info.
type ChangeInfo struct {
	// ID is the ID of the change in the format "'<project>~<number>'" (before
	// Gerrit 3.12 "'<project>~<branch>~<Change-Id>'"), URL encoded.
	ID           string `json:"id"`
	ChangeNumber int    `json:"_number"`

	Project string `json:"project"`

	// Branch is the name of the target branch.
	// The refs/heads/ prefix is omitted.
	Branch string `json:"branch"`

	// Topic is "" where there is none.
	Topic string `json:"topic,omitempty"`

	ChangeID string `json:"change_id"`

	Subject string `json:"subject"`

	// Status is the status of the change: ChangeStatusNew and so on.
	Status string `json:"status"`

	Created   TimeStamp  `json:"created"`
	Updated   TimeStamp  `json:"updated"`
	Submitted *TimeStamp `json:"submitted,omitempty"`

	// WorkInProgress and IsPrivate are the owner's signs that it isn't to be
	// looked at yet, or not by everybody.
	WorkInProgress bool `json:"work_in_progress,omitempty"`
	IsPrivate      bool `json:"is_private,omitempty"`

	// Hashtags are sorted in the detail of a change, not in the answers of
	// queries.
	Hashtags []string `json:"hashtags,omitempty"`

	// MetaRevID is the SHA of the change's notes: another one means that the
	// change is not as it was, though the updated time may be the same.
	MetaRevID string `json:"meta_rev_id,omitempty"`

	// CurrentRevision is the commit ID of the current patch set
	// of this change.  This is only set if the current revision
	// is requested or if all revisions are requested (fields
	// "CURRENT_REVISION" or "ALL_REVISIONS").
	CurrentRevision string `json:"current_revision,omitempty"`

	// Revisions maps a commit ID of the patch set to a
	// RevisionInfo entity.
	// Only set if the current revision is requested (in which
	// case it will only contain a key for the current revision)
	// or if all revisions are requested.
	Revisions map[string]RevisionInfo `json:"revisions,omitempty"`

	// Owner is the author of the change.
	// The details are only filled in if field "DETAILED_ACCOUNTS" is requested.
	Owner *AccountInfo `json:"owner,omitempty"`

	// Messages are included if field "MESSAGES" is requested, oldest first.
	Messages []ChangeMessageInfo `json:"messages,omitempty"`

	// Labels are included if field "LABELS" or "DETAILED_LABELS" is requested.
	Labels map[string]LabelInfo `json:"labels,omitempty"`

	// MoreChanges is set on the last change from QueryChanges if
	// the result set is truncated by an 'n' parameter.
	MoreChanges bool `json:"_more_changes,omitempty"`
}

// RevisionInfo contains information about a patch set. Not all fields are
// returned by default. Additional fields can be obtained by adding o
// parameters as described at
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#list-changes.
type RevisionInfo struct {
	PatchSetNumber int `json:"_number"`

	// Kind is what it changes against the patch set before: REWORK,
	// TRIVIAL_REBASE, TRIVIAL_REBASE_WITH_MESSAGE_UPDATE,
	// MERGE_FIRST_PARENT_UPDATE, NO_CODE_CHANGE or NO_CHANGE. The first is a REWORK.
	Kind string `json:"kind"`

	Created  TimeStamp             `json:"created"`
	Uploader *AccountInfo          `json:"uploader,omitempty"`
	Ref      string                `json:"ref"`
	Fetch    map[string]*FetchInfo `json:"fetch,omitempty"`
	Commit   *CommitInfo           `json:"commit,omitempty"`
	Files    map[string]*FileInfo  `json:"files,omitempty"`
}

// CommitInfo is a commit, or a parent of one, which has CommitID and Subject
// only.
type CommitInfo struct {
	Author    GitPersonInfo `json:"author"`
	Committer GitPersonInfo `json:"committer"`
	CommitID  string        `json:"commit"`
	Subject   string        `json:"subject"`
	Message   string        `json:"message"`
	Parents   []CommitInfo  `json:"parents"`
}

// GitPersonInfo is the author or committer of a commit.
type GitPersonInfo struct {
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Date     TimeStamp `json:"date"`
	TZOffset int       `json:"tz"`
}

// FetchInfo says how a patch set is fetched by one protocol.
type FetchInfo struct {
	URL      string            `json:"url"`
	Ref      string            `json:"ref"`
	Commands map[string]string `json:"commands"`
}

// FileInfo is what a patch set does to a file.
type FileInfo struct {
	// Status is A (added), D, R (renamed), C (copied) or W (rewritten); "" is
	// modified.
	Status        string `json:"status"`
	Binary        bool   `json:"binary"`
	OldPath       string `json:"old_path"`
	LinesInserted int    `json:"lines_inserted"`
	LinesDeleted  int    `json:"lines_deleted"`
}

// ChangeMessageInfo is a message on a change.
type ChangeMessageInfo struct {
	ID  string `json:"id"`
	Tag string `json:"tag,omitempty"`
	// Author is nil for messages of Gerrit itself.
	Author *AccountInfo `json:"author,omitempty"`
	Time   TimeStamp    `json:"date"`
	// Message begins with what was done: "Patch Set 1: Verified+1\n\ntext".
	Message        string `json:"message"`
	RevisionNumber int    `json:"_revision_number"`
}

// Tags that Gerrit puts on its own messages.
const (
	TagMerged   = "autogenerated:gerrit:merged"
	TagAbandon  = "autogenerated:gerrit:abandon"
	TagHashtags = "autogenerated:gerrit:setHashtag"
)

// LabelInfo contains information about a label on a change, always
// corresponding to the current patch set.
type LabelInfo struct {
	// Optional means the label may be set, but it's neither
	// necessary for submission nor does it block submission if
	// set.
	Optional bool `json:"optional,omitempty"`

	// All has the votes, and with value 0 the reviewers who have none. It
	// needs "DETAILED_LABELS".
	All []ApprovalInfo `json:"all,omitempty"`
}

// ApprovalInfo is an account and its vote on a label.
type ApprovalInfo struct {
	AccountInfo
	Value int       `json:"value"`
	Date  TimeStamp `json:"date"`
}
