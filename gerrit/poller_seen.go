package gerrit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Seen is what is kept of a change from one look to the next.
type Seen struct {
	Change int
	// Version is the store's own, 0 for a change that nothing is kept of. It
	// is given back with what replaces it.
	Version int64
	// Name is Gerrit's name of this state of the change.
	Name  string
	State SeenState
	// Body is for the Poller to read.
	Body []byte
}

// SeenState says where a change that was seen stands.
type SeenState int

// The states of a change that was seen.
const (
	SeenClosed SeenState = iota
	SeenOpen
	SeenGone // it was there, and our account can't see it any more
)

// snapshot is a Seen's body: all in which the next look may differ. Accounts
// are numbers in it, as there may be many.
type snapshot struct {
	Change    EventChange              `json:"change"`
	Patchset  EventPatchset            `json:"patchset"`
	Votes     map[string]map[int64]int `json:"votes,omitempty"` // by label and account; no zeros
	Reviewers map[int64]string         `json:"reviewers,omitempty"`
	Attention []int64                  `json:"attention,omitempty"`
	// Message is the last message's id, Said its date, and Messages how many
	// there were.
	Message  string    `json:"message,omitempty"`
	Said     time.Time `json:"said,omitzero"`
	Messages int       `json:"messages,omitempty"`
}

// WasSeen reads from a Seen's body the change as it was, and its current
// patchset.
func WasSeen(body []byte) (EventChange, EventPatchset, error) {
	var s snapshot
	if err := json.Unmarshal(body, &s); err != nil {
		return EventChange{}, EventPatchset{}, fmt.Errorf("read what was seen: %w", err)
	}
	return s.Change, s.Patchset, nil
}

// WasMerged tells from a Seen's body whether the change was merged.
func WasMerged(body []byte) bool {
	var s snapshot
	return json.Unmarshal(body, &s) == nil && s.Change.Status == ChangeStatusMerged
}

// snapshotOf needs revisions, detailed labels and messages.
func snapshotOf(c *ChangeInfo) *snapshot {
	s := &snapshot{
		Change: eventChange(c), Patchset: currentPatchset(c), Votes: votesOf(c), Reviewers: reviewersOf(c),
		Attention: slices.Sorted(maps.Keys(attentionOf(c))), Messages: len(c.Messages),
	}
	if n := len(c.Messages); n > 0 {
		s.Message, s.Said = c.Messages[n-1].ID, c.Messages[n-1].Time.Time()
	}
	return s
}

// outdates says that a change, as it is answered, is older than what was seen:
// Gerrit takes no message away from a change, and a vote, hashtag, topic or
// patchset never comes without one. Where the last one isn't newer than since,
// it is as it is answered: the server was restored.
func (s *snapshot) outdates(c *ChangeInfo, since time.Time) bool {
	return len(c.Messages) < s.Messages && s.Said.After(since)
}

func votesOf(c *ChangeInfo) map[string]map[int64]int {
	votes := map[string]map[int64]int{}
	for label, info := range c.Labels {
		for _, a := range info.All {
			if a.Value == 0 {
				continue
			}
			if votes[label] == nil {
				votes[label] = map[int64]int{}
			}
			votes[label][a.NumericID] = a.Value
		}
	}
	return votes
}

func reviewersOf(c *ChangeInfo) map[int64]string {
	reviewers := map[int64]string{}
	for _, state := range []string{"REVIEWER", "CC"} {
		for _, a := range c.Reviewers[state] {
			if a.NumericID != 0 { // somebody who is known by an address only
				reviewers[a.NumericID] = state
			}
		}
	}
	return reviewers
}

// attentionOf gives the accounts in the attention set, and since when.
func attentionOf(c *ChangeInfo) map[int64]time.Time {
	set := map[int64]time.Time{}
	for _, a := range c.AttentionSet {
		set[a.Account.NumericID] = a.LastUpdate.Time()
	}
	return set
}

// seen is what is to be kept of a change, in place of what was.
func (s *snapshot) seen(version int64, name string) (Seen, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return Seen{}, fmt.Errorf("encode what was seen of change %d: %w", s.Change.Number, err)
	}
	state := SeenClosed
	if s.Change.Status == ChangeStatusNew {
		state = SeenOpen
	}
	return Seen{Change: s.Change.Number, Version: version, Name: name, State: state, Body: body}, nil
}

// snapshot reads what was kept; nil where nothing was.
func (s Seen) snapshot() (*snapshot, error) {
	if s.Version == 0 {
		return nil, nil
	}
	var was snapshot
	if err := json.Unmarshal(s.Body, &was); err != nil {
		return nil, fmt.Errorf("read what was seen of change %d: %w", s.Change, err)
	}
	return &was, nil
}

// stateOf is another one whenever the change is. Queries of older servers
// (seen on 3.10) don't give the name of the state.
func stateOf(c *ChangeInfo) string {
	if c.MetaRevID != "" {
		return c.MetaRevID
	}
	return fmt.Sprintf("%d %s", c.Updated.Time().Unix(), c.CurrentRevision)
}
