package gerrit

// Possible values for the ChangeInfo Status field.
const (
	ChangeStatusNew       = "NEW"
	ChangeStatusAbandoned = "ABANDONED"
	ChangeStatusMerged    = "MERGED"
)

// ChangeInfo is a change. Which fields are filled in depends on the Fields
// asked for; those without a remark always are. See
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#change-info.
type ChangeInfo struct {
	// ID is the ID of the change in the format "'<project>~<number>'" (before
	// Gerrit 3.12 "'<project>~<branch>~<Change-Id>'"), URL encoded.
	ID           string `json:"id"`
	ChangeNumber int    `json:"_number"`

	// ChangeID is the Change-Id of the commit message, "I" and 40 digits. It
	// is no name of the change: another branch may have one with the same.
	ChangeID string `json:"change_id"`

	Project string `json:"project"`

	// Branch is the name of the target branch.
	// The refs/heads/ prefix is omitted.
	Branch string `json:"branch"`

	// Topic is "" where there is none.
	Topic string `json:"topic,omitempty"`

	// Assignee is of servers before Gerrit 3.9.
	Assignee *AccountInfo `json:"assignee,omitempty"`

	// Hashtags are sorted in the detail of a change, not in the answers of
	// queries.
	Hashtags []string `json:"hashtags,omitempty"`

	Subject string `json:"subject"`

	// Status is the status of the change: ChangeStatusNew and so on.
	Status string `json:"status"`

	Created TimeStamp `json:"created"`
	Updated TimeStamp `json:"updated"`

	// Submitted and Submitter are set once it is merged.
	Submitted TimeStamp    `json:"submitted,omitzero"`
	Submitter *AccountInfo `json:"submitter,omitempty"`

	// SubmitType is how it would be merged, such as "MERGE_IF_NECESSARY".
	SubmitType string `json:"submit_type,omitempty"`

	// Mergeable tells that the change can be merged without conflicts. A
	// server works that out by itself only where its
	// change.mergeabilityComputationBehavior says so; else it has to be asked
	// for by QueryChangesOpt.Mergeable, or by GetMergeable.
	Mergeable bool `json:"mergeable,omitempty"`

	// Mergable is Mergeable, as it was once spelled. Every call that gives a
	// ChangeInfo fills in both.
	Mergable bool `json:"mergable,omitempty"`

	// Submittable tells that all submit requirements are met. It needs
	// "SUBMITTABLE".
	Submittable bool `json:"submittable,omitempty"`

	// SubmitRequirements are what has to be met before it can be merged, met
	// or not. They need "SUBMIT_REQUIREMENTS".
	SubmitRequirements []SubmitRequirementResultInfo `json:"submit_requirements,omitempty"`

	// Insertions and Deletions count lines of the current patch set.
	Insertions int `json:"insertions"`
	Deletions  int `json:"deletions"`

	// TotalCommentCount and UnresolvedCommentCount count inline comments.
	TotalCommentCount      int `json:"total_comment_count,omitempty"`
	UnresolvedCommentCount int `json:"unresolved_comment_count,omitempty"`

	// WorkInProgress and IsPrivate are the owner's signs that it isn't to be
	// looked at yet, or not by everybody.
	WorkInProgress bool `json:"work_in_progress,omitempty"`
	IsPrivate      bool `json:"is_private,omitempty"`

	// HasReviewStarted tells that it was ready for review at least once.
	HasReviewStarted bool `json:"has_review_started,omitempty"`

	// RevertOf and CherryPickOfChange are numbers of changes; 0: of none.
	RevertOf           int `json:"revert_of,omitempty"`
	CherryPickOfChange int `json:"cherry_pick_of_change,omitempty"`

	// ContainsGitConflicts tells that its files have conflict markers. It is
	// set only in answers to calls that make a patch set.
	ContainsGitConflicts bool `json:"contains_git_conflicts,omitempty"`

	// MetaRevID is the SHA of the change's notes: another one means that the
	// change is not as it was, though the updated time may be the same.
	MetaRevID string `json:"meta_rev_id,omitempty"`

	// CurrentRevisionNumber is the number of the current patch set; 0 before
	// Gerrit 3.12.
	CurrentRevisionNumber int `json:"current_revision_number,omitempty"`

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

	// AttentionSet is who has to do something next, by account number, and
	// RemovedFromAttentionSet is who had to.
	AttentionSet            map[string]AttentionSetInfo `json:"attention_set,omitempty"`
	RemovedFromAttentionSet map[string]AttentionSetInfo `json:"removed_from_attention_set,omitempty"`

	// Reviewers are accounts by their state: "REVIEWER", "CC" or "REMOVED".
	// They need "DETAILED_LABELS".
	Reviewers map[string][]*AccountInfo `json:"reviewers,omitempty"`

	// ReviewerUpdates are included if field "REVIEWER_UPDATES" is requested,
	// oldest first.
	ReviewerUpdates []ReviewerUpdateInfo `json:"reviewer_updates,omitempty"`

	// Messages are included if field "MESSAGES" is requested, oldest first.
	Messages []ChangeMessageInfo `json:"messages,omitempty"`

	// Labels are included if field "LABELS" or "DETAILED_LABELS" is requested.
	Labels map[string]LabelInfo `json:"labels,omitempty"`

	// PermittedLabels are the values that we may vote, such as "-1", " 0" and
	// "+1". They need "DETAILED_LABELS", and are empty where we may not vote.
	PermittedLabels map[string][]string `json:"permitted_labels,omitempty"`

	// Actions are what we may do with the change, by the names of the calls,
	// such as "hashtags" and "abandon". What isn't among them we may not, or it
	// means nothing in this state. They need "CHANGE_ACTIONS".
	Actions map[string]ActionInfo `json:"actions,omitempty"`

	// MoreChanges is set on the last change from QueryChanges if
	// the result set is truncated by an 'n' parameter.
	MoreChanges bool `json:"_more_changes,omitempty"`
}

// decoded is called when an answer is read.
func (c *ChangeInfo) decoded() { c.Mergable = c.Mergeable }

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
	TagTopic    = "autogenerated:gerrit:setTopic"
	TagWIP      = "autogenerated:gerrit:setWorkInProgress"
	TagReady    = "autogenerated:gerrit:setReadyForReview"
)
