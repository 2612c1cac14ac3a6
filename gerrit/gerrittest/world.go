package gerrittest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of a change.
const (
	statusNew       = "NEW"
	statusMerged    = "MERGED"
	statusAbandoned = "ABANDONED"
)

type change struct {
	number    int
	project   string
	branch    string
	id        string // the Change-Id
	topic     string
	status    string
	owner     *account
	created   time.Time
	updated   time.Time
	submitted time.Time
	submitter *account
	hashtags  []string // sorted
	wip       bool
	private   bool
	started   bool // it was ready for review once
	meta      string
	patchsets []*patchset
	messages  []*message
	comments  []*comment
	drafts    []*comment // each its author's own
	reviewers []*account // who voted or was asked to review, in order
	ccs       []*account // who only spoke, or was put there
	turns     []reviewerTurn
	attention []*attention
	edits     map[*account]*edit
	picked    *patchset // what it is a cherry-pick of
	pickedOf  int       // the change of that
	deleted   bool
}

// patchset is a commit that was pushed for review.
type patchset struct {
	*commit
	number      int
	kind        string
	uploader    *account
	created     time.Time
	description string
	approvals   []*approval
}

// approval is a vote on a patch set. One of value 0 was taken back.
type approval struct {
	label  string
	by     *account
	value  int
	tag    string
	date   time.Time
	copied bool // from the patch set before
}

type message struct {
	id       string
	tag      string
	author   *account
	date     time.Time
	text     string // accounts are mentioned by number
	patchset int
	notify   string
}

// now is the time as Gerrit keeps it.
func (s *Server) now() time.Time { return s.config.Clock().UTC().Truncate(time.Second) }

// sha makes a name that no other server and no other call gives.
func (s *Server) sha(of ...string) string {
	s.ids++
	sum := sha1.Sum([]byte(fmt.Sprint(s.salt, s.ids, of)))
	return hex.EncodeToString(sum[:])
}

// touch makes a new state of a change, as somebody wrote to it.
func (s *Server) touch(c *change, by *account) {
	before := c.meta
	c.updated = s.now()
	c.meta = s.sha("meta")
	s.tellRef(c, by, before)
}

// say puts a message on a change, which is touched by it: the message is known
// by the change's new state.
func (s *Server) say(c *change, by *account, tag, text string) *message {
	s.touch(c, by)
	return s.sayHere(c, by, tag, text)
}

// sayHere is say for a change that was touched just now.
func (s *Server) sayHere(c *change, by *account, tag, text string) *message {
	m := &message{id: c.meta, tag: tag, author: by, date: c.updated, text: text, patchset: c.current().number}
	c.messages = append(c.messages, m)
	s.told(c, m)
	return m
}

func (s *Server) told(c *change, m *message) {
	if s.config.OnMessage != nil {
		s.config.OnMessage(s.snapshot(c), s.messageSnapshot(m))
	}
}

func (c *change) current() *patchset { return c.patchsets[len(c.patchsets)-1] }

func (c *change) open() bool { return c.status == statusNew }

// visible tells whether an account may see the change; nil is nobody.
func (c *change) visible(to *account) bool {
	if c.deleted {
		return false
	}
	return !c.private || to != nil && (to == c.owner || to.is(Administrators) || slices.Contains(c.reviewers, to) || slices.Contains(c.ccs, to))
}

// find gives a change by what Gerrit knows as its id: project~number, a
// number, project~branch~Change-Id, or a Change-Id that only one change has.
func (s *Server) find(id string, by *account) *change {
	project, last := "", id
	if i := strings.LastIndexByte(id, '~'); i >= 0 {
		project, last = id[:i], id[i+1:]
	}
	if n, err := strconv.Atoi(last); err == nil {
		c := s.numbered(n)
		if c == nil || !c.visible(by) || last != id && c.project != project {
			return nil
		}
		return c
	}
	var found []*change
	for _, c := range s.changes {
		if c.id == last && (last == id || project == c.project+"~"+c.branch) && c.visible(by) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// revision gives a patch set by number, commit id, its first characters, or
// "current".
func (c *change) revision(id string) *patchset {
	if id == "current" {
		return c.current()
	}
	for _, p := range c.patchsets {
		if id == fmt.Sprint(p.number) || id == p.revision || len(id) >= 4 && strings.HasPrefix(p.revision, id) {
			return p
		}
	}
	return nil
}

// mustChange is for the Go API: a change that isn't there is the test's fault.
func (s *Server) mustChange(number int) *change {
	c := s.numbered(number)
	if c == nil || c.deleted {
		panic(fmt.Sprintf("gerrittest: there is no change %d", number))
	}
	return c
}

// numbered is the change of that number, deleted or not; nil where there never was one.
func (s *Server) numbered(number int) *change {
	i := number - s.config.FirstChange
	if i < 0 || i >= len(s.changes) {
		return nil
	}
	return s.changes[i]
}
