package gerrittest

import (
	"slices"
	"time"
)

// Change is a change as it stands at one moment.
type Change struct {
	Number                 int
	Project, Branch        string
	ChangeID               string
	Subject, Topic, Status string
	Owner                  string // a username
	Created, Updated       time.Time
	Hashtags               []string // sorted
	WIP, Private           bool
	Current                Patchset
	Patchsets              []Patchset
	Messages               []Message
	Votes                  map[string]map[string]int // on the current patch set: label, username, value; no zeros
	MetaRevID              string
}

// Patchset is a patch set of a change.
type Patchset struct {
	Change   int
	Number   int
	Revision string
	Kind     string
	Ref      string
	Uploader string // a username
	Created  time.Time
	Files    []string // sorted
}

// Message is a message on a change.
type Message struct {
	ID       string
	Tag      string
	Author   string // a username
	Date     time.Time
	Text     string
	Patchset int
	Notify   string // what the review asked for; Gerrit itself doesn't show it
}

// Change gives a change as it stands; its Number is 0 when there is none.
func (s *Server) Change(number int) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshotLocked(number)
}

// Changes gives all changes, by number.
func (s *Server) Changes() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Change
	for _, c := range s.changes {
		if !c.deleted {
			all = append(all, snapshot(c))
		}
	}
	return all
}

func (s *Server) snapshotLocked(number int) Change {
	if number < 1 || number > len(s.changes) || s.changes[number-1].deleted {
		return Change{}
	}
	return snapshot(s.changes[number-1])
}

func snapshot(c *change) Change {
	snap := Change{
		Number: c.number, Project: c.project, Branch: c.branch, ChangeID: c.id, Subject: c.current().subject, Topic: c.topic,
		Status: c.status, Owner: c.owner.Username, Created: c.created, Updated: c.updated, Hashtags: slices.Clone(c.hashtags),
		WIP: c.wip, Private: c.private, Current: c.current().snapshot(c), Votes: map[string]map[string]int{}, MetaRevID: c.meta,
	}
	for _, p := range c.patchsets {
		snap.Patchsets = append(snap.Patchsets, p.snapshot(c))
	}
	for _, m := range c.messages {
		snap.Messages = append(snap.Messages, m.snapshot())
	}
	for _, a := range c.current().approvals {
		if a.value == 0 {
			continue
		}
		if snap.Votes[a.label] == nil {
			snap.Votes[a.label] = map[string]int{}
		}
		snap.Votes[a.label][a.by.Username] = a.value
	}
	return snap
}

func (p *patchset) snapshot(c *change) Patchset {
	snap := Patchset{
		Change: c.number, Number: p.number, Revision: p.revision, Kind: p.kind, Ref: p.ref(c),
		Uploader: p.uploader.Username, Created: p.created,
	}
	for path := range p.files {
		snap.Files = append(snap.Files, path)
	}
	slices.Sort(snap.Files)
	return snap
}

func (m *message) snapshot() Message {
	return Message{ID: m.id, Tag: m.tag, Author: m.author.Username, Date: m.date, Text: m.text, Patchset: m.patchset, Notify: m.notify}
}
