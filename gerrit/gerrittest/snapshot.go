package gerrittest

import (
	"maps"
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
	Comments               []Comment
	Reviewers, CCs         []string                  // usernames
	Attention              []string                  // usernames of who has to do something next
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
	Text     string // accounts are mentioned by name and address
	Patchset int
	Notify   string // what the review asked for; Gerrit itself doesn't show it
}

// Comment is an inline comment that was posted; "/PATCHSET_LEVEL" is the path
// of those on a patch set as a whole.
type Comment struct {
	ID, Path   string
	Line       int // 0: on the file; of a range its last
	Text       string
	Unresolved bool
	InReplyTo  string
	Author     string // a username
	Patchset   int
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
			all = append(all, s.snapshot(c))
		}
	}
	return all
}

func (s *Server) snapshotLocked(number int) Change {
	c := s.numbered(number)
	if c == nil || c.deleted {
		return Change{}
	}
	return s.snapshot(c)
}

func (s *Server) snapshot(c *change) Change {
	snap := Change{
		Number: c.number, Project: c.project, Branch: c.branch, ChangeID: c.id, Subject: c.current().subject, Topic: c.topic,
		Status: c.status, Owner: c.owner.Username, Created: c.created, Updated: c.updated, Hashtags: slices.Clone(c.hashtags),
		WIP: c.wip, Private: c.private, Current: c.current().snapshot(c), Votes: map[string]map[string]int{}, MetaRevID: c.meta,
	}
	for _, p := range c.patchsets {
		snap.Patchsets = append(snap.Patchsets, p.snapshot(c))
	}
	for _, m := range c.messages {
		snap.Messages = append(snap.Messages, s.messageSnapshot(m))
	}
	for _, of := range c.comments {
		snap.Comments = append(snap.Comments, Comment{
			ID: of.id, Path: of.path, Line: of.line, Text: of.text, Unresolved: of.unresolved, InReplyTo: of.replyTo,
			Author: of.author.Username, Patchset: of.patchset.number,
		})
	}
	snap.Reviewers, snap.CCs = usernames(c.reviewers), usernames(c.ccs)
	for _, a := range c.attention {
		if a.in {
			snap.Attention = append(snap.Attention, a.of.Username)
		}
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
	snap.Files = slices.Sorted(maps.Keys(p.contents()))
	return snap
}

func (s *Server) messageSnapshot(m *message) Message {
	return Message{ID: m.id, Tag: m.tag, Author: m.author.Username, Date: m.date, Text: s.plainText(m.text), Patchset: m.patchset, Notify: m.notify}
}

func usernames(of []*account) []string {
	var names []string
	for _, a := range of {
		names = append(names, a.Username)
	}
	return names
}
