package store

import (
	"errors"
	"time"
)

// Errors that callers branch on.
var (
	// ErrLeaseLost means that another replica took the lane or the event over: nothing was written.
	ErrLeaseLost = errors.New("store: lease lost")
	// ErrNotFound means that no row has this id.
	ErrNotFound = errors.New("store: not found")
	// ErrAmbiguous means that an abbreviated id fits more than one row.
	ErrAmbiguous = errors.New("store: id is ambiguous")
	// ErrMoved means that what a write builds on has changed since it was read: nothing was written; read it again.
	ErrMoved = errors.New("store: changed meanwhile")
)

// EventState is a word of docs/states.md.
type EventState string

// The states of an event.
const (
	EventReceived  EventState = "received"
	EventDeciding  EventState = "deciding"
	EventDecided   EventState = "decided"
	EventUnmatched EventState = "unmatched"
	EventTooOld    EventState = "too old"
	EventParked    EventState = "parked"
)

// ActionState is a word of docs/states.md.
type ActionState string

// The states of an action.
const (
	ActionPending    ActionState = "pending"
	ActionRunning    ActionState = "running"
	ActionDone       ActionState = "done"
	ActionWaiting    ActionState = "waiting"
	ActionHeld       ActionState = "held"
	ActionRetrying   ActionState = "retrying"
	ActionDead       ActionState = "dead"
	ActionCancelled  ActionState = "cancelled"
	ActionSuperseded ActionState = "superseded"
)

// Event is one occurrence, known by its identity whatever way it came.
type Event struct {
	// ID is the identity, see internal/ingest.
	ID string
	// Source is pulse, gerrit, task or group.
	Source string
	// Type is the exchange's short name (queue/task-failed, or the whole name of a foreign one), gerrit's
	// event type, a word of rules on tasks or groups, or look: what became of a task or group has to be looked at.
	Type       string
	RoutingKey string
	// Routes are the CC header's entries, without "route.", joined by newlines.
	Routes string
	// Change is "<server>~<number>" where the event came from a change, else empty.
	Change string
	// TaskID and GroupID are set where the event is of one task or one group.
	TaskID, GroupID string
	// Time is the occurrence's own time, the same by whatever way it comes; zero, or equal to Received, where it
	// has none: then it is that of intake. Received is that of intake, by the database's clock once it is stored.
	Time, Received time.Time
	// Hint says that the id is a fresh one, which RecentHint can find; it is not stored.
	Hint  bool
	State EventState
	// SetHash names the rule set that the event was matched with.
	SetHash string
	// Parent is the event that this one was derived from, or empty.
	Parent string
	// BodyVersion says how Body is to be read; 1: the payload as sent (pulse), or JSON of the source's own event.
	BodyVersion int
	Body        []byte
	// Redelivered is the broker's word; it is not stored.
	Redelivered bool

	// Written after intake.
	Error    string
	Attempts int
	Epoch    int64

	bundle int64 // where what it says is kept, if not in its row; 0: it is
	place  int
}

// Cursor is a poller's place, moved in the transaction that stores what it found.
type Cursor struct{ Name, Value string }

// Intake is a batch that becomes durable as one.
type Intake struct {
	Events  []Event
	Cursors []Cursor
	// Seen replaces what was seen of changes before; see SeenChange.
	Seen []SeenChange
}

// Decision is what one rule made of one event, kept whether it matched or not.
type Decision struct {
	EventID, Team, Rule, SetHash string
	// Commit is that of the set's rules, empty where they are a folder's.
	Commit          string
	Matched, Shadow bool
	// Stopped is the clause that did not hold, empty when all did.
	Stopped string
	// Explanation and Facts are JSON; Facts are kept so that a decision can be replayed without the network.
	Explanation, Facts []byte
	Decided            time.Time
}

// Action is one effect, known by (event, team, rule, key).
type Action struct {
	// ID is 26 characters, derived from EventID, Team, Rule and Key; its first 10 stand in the marker.
	ID                       string
	EventID, Team, Rule, Key string
	// Kind is vote, comment, hashtags, task or reconcile.
	Kind string
	// Lane is "<server>~<number>", or "group~<taskGroupId>" where there is no change.
	Lane string
	// Seq orders the actions of a lane; the store gives it.
	Seq int64
	// Server, Change, Patchset and Revision say which patchset the action is about; zero where there is none.
	Server   string
	Change   int
	Patchset int
	Revision string
	Project  string
	Branch   string
	State    ActionState
	// Args are the kind's own, JSON, read by ArgsVersion.
	ArgsVersion int
	Args        []byte
	Attempts    int
	// Due is when the next attempt may start, by the database's clock; of one that waits for approval, when it no longer
	// does: zero is never.
	Due, Created time.Time
	// Started and Deadline are those of the attempt that set running: its requests end by Deadline.
	Started, Deadline time.Time
	// LastMessage is the id of the change's last message before the attempt.
	LastMessage string
	// Reason says why an action is held, waiting, dead, superseded or retrying.
	Reason string
	// Approve says who has to approve the action, "" nobody; ApprovedBy is who did, Approved when.
	Approve, ApprovedBy string
	Approved            time.Time
	// Result is JSON of what was done, e.g. {"taskId":…}.
	Result []byte
	Done   time.Time
}

// OpinionKind says what an opinion is about.
type OpinionKind string

// The kinds of opinions.
const (
	OpinionLabel   OpinionKind = "label"
	OpinionHashtag OpinionKind = "hashtag"
)

// Opinion is what one rule holds of one label or hashtag of a patchset.
// It is known by (Server, Change, Revision, Kind, Target, Team, Rule, About).
type Opinion struct {
	Server   string
	Change   int
	Patchset int
	Revision string
	Kind     OpinionKind
	// Target is the label or the hashtag.
	Target     string
	Team, Rule string
	// About is "task:<metadata.name>", "group" or "change".
	About string
	// Value is the vote; 1 for a hashtag that ought to be there.
	Value int
	// Stands is false once the opinion has ended; the row stays, so that older news cannot revive it.
	Stands bool
	// Waits says that nothing above 0 may show beside it: of a report without an answer.
	Waits bool
	// Created and Run order news about the same thing: the task's or group's created time, then the run.
	Created time.Time
	Run     int
	EventID string
}

// Posted is the last vote that we put on a label of a patchset, and the opinions (their signature) that made it.
type Posted struct {
	Server    string
	Change    int
	Revision  string
	Label     string
	Value     int
	Signature string
}

// Link ties a task or a task group to the patchset that it was made for.
type Link struct {
	// Kind is task or group.
	Kind, ID string
	Server   string
	Change   int
	Patchset int
	Revision string
	// Project and Branch are the change's.
	Project, Branch string
	// By is the rule that made it, "team/rule", or empty where it was seen.
	By string
}

// GroupState is what was last known of a task group; Generation rises with each change of Hash.
type GroupState struct {
	GroupID, Hash string
	Generation    int64
	// Settled and Stuck say that this generation was told to be that.
	Settled, Stuck bool
	// Since is when the generation was first seen.
	Since time.Time
	// Due is when the group is looked at next; zero: not before something is heard of it.
	Due time.Time
	// Heard, which only reading gives, says that something was heard of it since it was looked at last; Body is that.
	Heard       bool
	BodyVersion int
	Body        []byte
}

// HeardGroup is a task group that is to be looked at, so long after now.
type HeardGroup struct {
	GroupID     string
	After       time.Duration
	BodyVersion int
	Body        []byte
}

// Verdict is all that deciding one event writes, in one transaction.
type Verdict struct {
	Event     Event // ID, Epoch, Change, SetHash and Error are read
	State     EventState
	Decisions []Decision
	Actions   []Action  // an id that is known is left as it is
	Opinions  []Opinion // written only where news is not older than what is kept
	Derived   []Event   // accepted as by Accept
	OkToTests []OkToTest
	Again     []string // lanes whose actions that wait for an "ok to test" are looked at again
	Links     []Link
	Groups    []GroupState
	Awaited   []Awaited
	Settled   []SettledGroup // what of them was decided
	Heard     []HeardGroup
	// Causes are what the actions will be heard of by, Holds what a guard stops.
	Causes []Cause
	Holds  []Hold
	// Onces is what rules with `once` do; ErrMoved where one did already.
	Onces []Once
	// Kept carries opinions from one revision of a change to another (a patchset of the same code).
	Kept []Carry
}

// Carry copies the standing opinions of a revision to another one of the same change, where none are yet.
type Carry struct {
	Server           string
	Change, Patchset int
	From, To         string
}

// Lane is a claimed lane; Epoch is checked by every write under it.
type Lane struct {
	ID     string
	Holder string
	Epoch  int64
	// Until is the lease's end by the database's clock; Now was that clock when the lane was claimed or renewed.
	Until, Now time.Time
}

// Start is what is frozen before an attempt.
type Start struct {
	ActionID    string
	Args        []byte // nil: unchanged
	LastMessage string
	Timeout     time.Duration // the attempt's requests end this long after now
	// Speaks says that the attempt is a post on the change; Limits is what the action's rule and team may do.
	Speaks bool
	Limits Limits
}

// Outcome is how an attempt ended.
type Outcome struct {
	ActionID string
	State    ActionState
	Reason   string
	Result   []byte
	// RetryIn is read where State is retrying or pending.
	RetryIn time.Duration
	// OkToTests is how many people's "ok to test" were looked at before State came to be waiting: where there are more
	// by now, the action is looked at again instead.
	OkToTests int
	// Made is the task that the action made, where its decision didn't know its id.
	Made string
}

// Effects are the state that outcomes change, written in the same transaction.
type Effects struct {
	Posted []Posted
	// TagsAdded are hashtags that our account added; TagsGone are no longer ours.
	TagsAdded, TagsGone []string
	Reported            []Reported
	// Server and Change say whose tags they are.
	Server string
	Change int
	Links  []Link
}

// RuleSet is what was loaded, by the hash of its content.
type RuleSet struct {
	Hash string
	// Body is opaque to the store: the files, compressed.
	Body   []byte
	Loaded time.Time
}

// TeamFiles are a team's last good rule files.
type TeamFiles struct {
	Team, Hash string
	Body       []byte
	Loaded     time.Time
}

// BeginKey names a first sight.
type BeginKey struct{ Source, Server, Project, Team, Rule string }

// Hold stops deliveries of a scope: all, team:T, rule:T/R or server:S.
type Hold struct {
	Scope, Reason, By string
	Since             time.Time
}

// Replica is a live process.
type Replica struct {
	ID, SetHash string
	// Bindings are "exchange routingKey" lines that it needs.
	Bindings []string
	Seen     time.Time
}

// Filter narrows a listing; zero values don't.
type Filter struct {
	State      string
	Change     string // "<server>~<number>"
	TaskID     string
	Team, Rule string
	// EventID and ActionID may be beginnings of ids.
	EventID, ActionID string
	Since             time.Time
	Limit             int // 50 when zero
	// MatchedOnly leaves out events that no rule matched.
	MatchedOnly bool
	// LookedAt leaves out events that are unmatched.
	LookedAt    bool
	NewestFirst bool
}

// Counts are rows by state, for bot status.
type Counts struct {
	Events  map[EventState]int64
	Actions map[ActionState]int64
	Lanes   int64 // with work due
	Parked  int64
	Oldest  time.Time // of what is received and not decided; zero when none
	Waiting []Waiting
}

// Waiting are the events that wait for one thing.
type Waiting struct {
	For    string // such as "gerrit main is away"
	Events int64
	Oldest time.Time // when the first of them was received
}

// WaitsFor begins the reason of an event that waits for a server; what the server did follows after a colon.
const WaitsFor = "waits: "
