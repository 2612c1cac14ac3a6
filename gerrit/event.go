package gerrit

import (
	"cmp"
	"slices"
	"time"
)

// The types of events.
const (
	PatchsetCreated = "patchset-created"
	ChangeMerged    = "change-merged"
	ChangeAbandoned = "change-abandoned"
)

// Event is something that happened on a server. Its JSON form is kept, and
// read by rules: this is version 1 of it.
type Event struct {
	// Type is PatchsetCreated, ChangeMerged or ChangeAbandoned.
	Type string `json:"type"`
	// Server is the Poller's name of the server.
	Server string `json:"server"`
	// Change is as it was when it was looked at, which may be later than Time.
	Change EventChange `json:"change"`
	// Patchset is the one that was created, merged or abandoned.
	Patchset EventPatchset `json:"patchset"`
	// Message is the one that says so, for merged and abandoned changes.
	Message EventMessage `json:"message,omitzero"`
	// Time is the patchset's or the message's own.
	Time time.Time `json:"time"`
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

// EventMessage is a message on a change, without its text.
type EventMessage struct {
	ID     string       `json:"id"`
	Date   time.Time    `json:"date"`
	Author EventAccount `json:"author"`
}

// EventAccount is an account, with what is visible of it.
type EventAccount struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Username string `json:"username"`
}

// eventsOf gives what happened on a change at or after a time, and its current
// patchset while it is open: the change may have become visible only now. The
// change has its revisions, and for merged and abandoned its messages. In the
// order of their times.
func eventsOf(server string, c *ChangeInfo, since time.Time) []Event {
	change := eventChange(c)
	byNumber := map[int]EventPatchset{}
	var events []Event
	for revision, r := range c.Revisions {
		p := eventPatchset(revision, r)
		byNumber[p.Number] = p
		current := c.Status == ChangeStatusNew && revision == c.CurrentRevision
		if current || !p.Created.Before(since) {
			events = append(events, Event{Type: PatchsetCreated, Server: server, Change: change, Patchset: p, Time: p.Created})
		}
	}
	for _, m := range c.Messages {
		kind := typeOf(m.Tag)
		if kind == "" || m.Time.Time().Before(since) {
			continue
		}
		events = append(events, Event{
			Type: kind, Server: server, Change: change, Patchset: byNumber[m.RevisionNumber], Time: m.Time.Time(),
			Message: EventMessage{ID: m.ID, Date: m.Time.Time(), Author: eventAccount(m.Author)},
		})
	}
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Patchset.Number, b.Patchset.Number), cmp.Compare(b.Type, a.Type))
	})
	return events
}

func typeOf(tag string) string {
	switch tag {
	case TagMerged:
		return ChangeMerged
	case TagAbandon:
		return ChangeAbandoned
	}
	return ""
}

func eventChange(c *ChangeInfo) EventChange {
	hashtags := slices.Sorted(slices.Values(c.Hashtags))
	if hashtags == nil {
		hashtags = []string{}
	}
	return EventChange{
		Number: c.ChangeNumber, Project: c.Project, Branch: c.Branch, ChangeID: c.ChangeID, Subject: c.Subject, Status: c.Status,
		Owner: eventAccount(c.Owner), Topic: c.Topic, Hashtags: hashtags, WIP: c.WorkInProgress, Private: c.IsPrivate,
		Created: c.Created.Time(), Updated: c.Updated.Time(),
		CurrentRevision: c.CurrentRevision, CurrentPatchset: c.Revisions[c.CurrentRevision].PatchSetNumber, MetaRevID: c.MetaRevID,
	}
}

func eventPatchset(revision string, r RevisionInfo) EventPatchset {
	return EventPatchset{
		Number: r.PatchSetNumber, Revision: revision, Kind: r.Kind, Ref: r.Ref,
		Created: r.Created.Time(), Uploader: eventAccount(r.Uploader),
	}
}

func eventAccount(a *AccountInfo) EventAccount {
	if a == nil {
		return EventAccount{}
	}
	return EventAccount{ID: a.NumericID, Name: a.Name, Email: a.Email, Username: a.Username}
}
