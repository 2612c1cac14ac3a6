package gerrit

import (
	"strings"
	"time"
)

// The types of events. ChangeDeleted and PrivateStateChanged are told only
// where a stream or a webhook said so: who merely looks sees that a change is
// not there any more, and calls it ChangeVanished.
const (
	PatchsetCreated     = "patchset-created"
	CommentAdded        = "comment-added"
	VoteChanged         = "vote-changed"
	ReviewerChanged     = "reviewer-changed"
	AttentionSetChanged = "attention-set-changed"
	HashtagsChanged     = "hashtags-changed"
	TopicChanged        = "topic-changed"
	WIPChanged          = "wip-changed"
	PrivateStateChanged = "private-state-changed"
	ChangeAbandoned     = "change-abandoned"
	ChangeRestored      = "change-restored"
	ChangeMerged        = "change-merged"
	ChangeVanished      = "change-vanished"
	ChangeDeleted       = "change-deleted"
)

// EventTypes are the types of events, in the order in which those of one
// moment are told; ChangeAbandoned, ChangeRestored and ChangeMerged among
// themselves as they happened.
var EventTypes = []string{
	PatchsetCreated, CommentAdded, VoteChanged, ReviewerChanged, AttentionSetChanged, HashtagsChanged, TopicChanged,
	WIPChanged, PrivateStateChanged, ChangeAbandoned, ChangeRestored, ChangeMerged, ChangeVanished, ChangeDeleted,
}

// Event is something that happened on a server. Its JSON form is kept, and
// read by rules: this is version 1 of it, to which fields are only added.
type Event struct {
	// Type is one of EventTypes.
	Type string `json:"type"`
	// Server is the Poller's name of the server.
	Server string `json:"server"`
	// Change is as it was when it was looked at, which may be later than Time;
	// of one that is gone, as it was last seen.
	Change EventChange `json:"change"`
	// Patchset is the one that was created, commented on, merged or
	// abandoned; else the current one.
	Patchset EventPatchset `json:"patchset"`
	// Message is the one that says so. Votes, reviewers and the attention set
	// change without one.
	Message EventMessage `json:"message,omitzero"`
	// Authors are the accounts whose messages tell it, each once, where there
	// are several such messages between two looks.
	Authors []int64 `json:"authors,omitempty"`
	// Vote is set for VoteChanged: one event for each label and account.
	Vote *EventVote `json:"vote,omitempty"`
	// Reviewers is set for ReviewerChanged.
	Reviewers []EventReviewer `json:"reviewers,omitempty"`
	// Attention is set for AttentionSetChanged.
	Attention *EventAttention `json:"attention,omitempty"`
	// Hashtags is set for HashtagsChanged.
	Hashtags *EventHashtags `json:"hashtags,omitempty"`
	// Topic is set for TopicChanged.
	Topic *EventTopic `json:"topic,omitempty"`
	// Time is the patchset's, the message's or the vote's own; where Gerrit
	// has none, that of the change's last update.
	Time time.Time `json:"time"`
	// State is Gerrit's name of the state of the change in which this was
	// seen, of one that is gone the last that was: its meta_rev_id.
	State string `json:"state,omitempty"`
}

// EventChange is what an event says of its change.
type EventChange struct {
	Number          int          `json:"number"`
	Project         string       `json:"project"`
	Branch          string       `json:"branch"`
	ChangeID        string       `json:"changeId"`
	Subject         string       `json:"subject"`
	Status          string       `json:"status"`
	Owner           EventAccount `json:"owner"`
	Topic           string       `json:"topic"`
	Hashtags        []string     `json:"hashtags"`
	WIP             bool         `json:"wip"`
	Private         bool         `json:"private"`
	Created         time.Time    `json:"created"`
	Updated         time.Time    `json:"updated"`
	CurrentRevision string       `json:"currentRevision"`
	CurrentPatchset int          `json:"currentPatchset"`
	MetaRevID       string       `json:"metaRevId"` // "" from servers whose queries don't give it (3.10)
}

// EventPatchset is what an event says of its patchset.
type EventPatchset struct {
	Number   int          `json:"number"`
	Revision string       `json:"revision"`
	Kind     string       `json:"kind"`
	Ref      string       `json:"ref"`
	Created  time.Time    `json:"created"`
	Uploader EventAccount `json:"uploader"`
}

// EventMessage is a message on a change.
type EventMessage struct {
	ID     string       `json:"id"`
	Date   time.Time    `json:"date"`
	Author EventAccount `json:"author"`
	// Tag is what the author called this kind of message; "" for most people's.
	Tag string `json:"tag,omitempty"`
	// Text begins with what was done: "Patch Set 1: Verified+1\n\ntext".
	Text string `json:"text,omitempty"`
}

// EventVote is how a vote changed; 0 is none. A vote that a new patchset
// outdated went to 0, and one that was copied there stays as it was.
type EventVote struct {
	Label   string       `json:"label"`
	Old     int          `json:"old"`
	New     int          `json:"new"`
	Account EventAccount `json:"account"`
}

// EventReviewer is how somebody's part in a change changed: REVIEWER, CC, or
// "" for none.
type EventReviewer struct {
	Account EventAccount `json:"account"`
	Old     string       `json:"old"`
	New     string       `json:"new"`
}

// EventAttention is who came into the attention set and who left it.
type EventAttention struct {
	Added   []EventAccount `json:"added"`
	Removed []EventAccount `json:"removed"`
}

// EventHashtags are the hashtags that came and went, sorted.
type EventHashtags struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// EventTopic is the topic before and after; "" is none.
type EventTopic struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// EventAccount is an account, with what is visible of it. Of one that left,
// it may be no more than the ID.
type EventAccount struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Username string `json:"username"`
}

// Actor is who caused the event: who pushed, wrote, voted, tagged, merged. ok is
// false where Gerrit doesn't tell: of reviewers and the attention set, of what
// is gone, and where the message that told it was deleted.
func (e *Event) Actor() (account EventAccount, ok bool) {
	switch {
	case e.Type == PatchsetCreated:
		account = e.Patchset.Uploader
	case e.Vote != nil:
		account = e.Vote.Account
	default:
		account = e.Message.Author
	}
	return account, account.ID != 0
}

// Occurrence is what Gerrit itself names of an event: with the server's name,
// the change's number and the type it is the same for the same occurrence,
// however it was found, and for no other. It is empty if Gerrit names nothing.
func (e *Event) Occurrence() []string {
	var names []string
	switch {
	case e.Type == PatchsetCreated:
		names = []string{e.Patchset.Revision}
	case e.Message.ID != "" && namedByMessage[e.Type]:
		names = []string{e.Message.ID}
	case e.Vote != nil:
		names = []string{e.State, e.Vote.Label, decimal(e.Vote.Account.ID)}
	default:
		names = []string{e.State}
	}
	if names[0] == "" {
		return nil
	}
	return names
}

// namedByMessage are the events that are known by their message. The others
// are told of two states that were seen, between which there may be several
// messages.
var namedByMessage = map[string]bool{
	CommentAdded: true, ChangeAbandoned: true, ChangeRestored: true, ChangeMerged: true, PrivateStateChanged: true,
}

// typeOf tells what a message says that happened, by its tag; "" for what is
// told otherwise, such as a new patchset.
func typeOf(tag string) string {
	switch tag {
	case TagMerged:
		return ChangeMerged
	case TagAbandon:
		return ChangeAbandoned
	case tagRestore:
		return ChangeRestored
	}
	if strings.HasPrefix(tag, ownTags) {
		return ""
	}
	return CommentAdded
}

// Further tags of Gerrit's own messages.
const (
	ownTags      = "autogenerated:gerrit:"
	tagRestore   = ownTags + "restore"
	tagPrivate   = ownTags + "setPrivate"
	tagUnprivate = ownTags + "unsetPrivate"
)
