package gerrit

// RevisionInfo contains information about a patch set. Not all fields are
// returned by default. Additional fields can be obtained by adding o
// parameters as described at
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#list-changes.
type RevisionInfo struct {
	// Draft is of servers before Gerrit 2.15, which had draft patch sets.
	Draft          bool `json:"draft,omitempty"`
	PatchSetNumber int  `json:"_number"`

	// Kind is what it changes against the patch set before: REWORK,
	// TRIVIAL_REBASE, TRIVIAL_REBASE_WITH_MESSAGE_UPDATE,
	// MERGE_FIRST_PARENT_UPDATE, NO_CODE_CHANGE or NO_CHANGE. The first is a REWORK.
	Kind string `json:"kind"`

	Created  TimeStamp    `json:"created"`
	Uploader *AccountInfo `json:"uploader,omitempty"`
	Ref      string       `json:"ref"`

	// Fetch is by protocol, and needs a plugin that knows how to fetch.
	Fetch map[string]*FetchInfo `json:"fetch,omitempty"`

	// Commit needs "CURRENT_COMMIT" or "ALL_COMMITS".
	Commit *CommitInfo `json:"commit,omitempty"`

	// Files are by path, and need "CURRENT_FILES" or "ALL_FILES".
	Files map[string]*FileInfo `json:"files,omitempty"`

	// CommitWithFooters is the commit message as it will be when merged, and
	// needs "COMMIT_FOOTERS".
	CommitWithFooters string `json:"commit_with_footers,omitempty"`
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

// GitPersonInfo is the author or committer of a commit, or the tagger of a tag.
type GitPersonInfo struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Date  TimeStamp `json:"date"`
	// TZOffset is how many minutes their clock is ahead of UTC.
	TZOffset int `json:"tz"`
}

// Equal tells whether two persons are the same, at the same time.
func (gpi *GitPersonInfo) Equal(v *GitPersonInfo) bool {
	if gpi == nil || v == nil {
		return gpi == v
	}
	return gpi.Name == v.Name && gpi.Email == v.Email && gpi.Date.Equal(v.Date) && gpi.TZOffset == v.TZOffset
}

// FetchInfo says how a patch set is fetched by one protocol.
type FetchInfo struct {
	URL      string            `json:"url"`
	Ref      string            `json:"ref"`
	Commands map[string]string `json:"commands"`
}

// Possible values for the FileInfo Status field. "" is a file that is modified.
const (
	FileInfoAdded     = "A"
	FileInfoDeleted   = "D"
	FileInfoRenamed   = "R"
	FileInfoCopied    = "C"
	FileInfoRewritten = "W"
)

// FileInfo is what a patch set does to a file.
type FileInfo struct {
	// Status is FileInfoAdded and so on.
	Status string `json:"status"`
	Binary bool   `json:"binary"`
	// OldPath is where a renamed or copied file was before.
	OldPath       string `json:"old_path"`
	LinesInserted int    `json:"lines_inserted"`
	LinesDeleted  int    `json:"lines_deleted"`
}

// WebLinkInfo is a link to a page about something.
type WebLinkInfo struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	ImageURL string `json:"image_url"`
}

// Equal tells whether two links are the same.
func (wli *WebLinkInfo) Equal(v *WebLinkInfo) bool {
	if wli == nil || v == nil {
		return wli == v
	}
	return *wli == *v
}
