package gerrit

import (
	"encoding/json"
)

// listed is how a change in a list of them is read: what is the same text in
// most of them is read once, and kept once.
type listed struct {
	*ChangeInfo
	Owner           json.RawMessage           `json:"owner"`
	Messages        []listedMessage           `json:"messages"`
	Revisions       map[string]listedRevision `json:"revisions"`
	Labels          map[string]listedLabel    `json:"labels"`
	PermittedLabels json.RawMessage           `json:"permitted_labels"`
}

type listedMessage struct {
	ChangeMessageInfo
	Author json.RawMessage `json:"author"`
}

type listedRevision struct {
	RevisionInfo
	Uploader json.RawMessage `json:"uploader"`
}

type listedLabel struct {
	LabelInfo
	Values json.RawMessage `json:"values"`
}

// sharing keeps one of what is the same in many changes of an answer: accounts,
// what the values of labels mean, and words such as projects and branches. An
// answer of many changes is half as large by that.
type sharing struct {
	words     map[string]string
	accounts  map[int64]*AccountInfo
	people    parsed[*AccountInfo]
	ranges    map[VotingRangeInfo]*VotingRangeInfo
	values    parsed[map[string]string]
	permitted parsed[map[string][]string]
}

func newSharing() *sharing {
	return &sharing{
		words: map[string]string{}, accounts: map[int64]*AccountInfo{}, ranges: map[VotingRangeInfo]*VotingRangeInfo{},
		people: parsed[*AccountInfo]{}, values: parsed[map[string]string]{}, permitted: parsed[map[string][]string]{},
	}
}

// again is a listed that the next change is read into: a new one, but for the
// room that it takes.
func (l listed) again() listed {
	clear(l.Revisions)
	clear(l.Labels)
	for i := range l.Messages {
		l.Messages[i] = listedMessage{Author: l.Messages[i].Author[:0]}
	}
	return listed{
		ChangeInfo: new(ChangeInfo), Owner: l.Owner[:0], Messages: l.Messages[:0], Revisions: l.Revisions, Labels: l.Labels,
		PermittedLabels: l.PermittedLabels[:0],
	}
}

// change gives a change as it was read.
func (s *sharing) change(l listed) (c *ChangeInfo, err error) {
	c = l.ChangeInfo
	s.word(&c.Project, &c.Branch, &c.Topic, &c.Status, &c.SubmitType)
	for i := range c.Hashtags {
		s.word(&c.Hashtags[i])
	}
	s.account(&c.Submitter)
	for _, accounts := range c.Reviewers {
		for i := range accounts {
			s.account(&accounts[i])
		}
	}
	if c.Owner, err = s.people.read(l.Owner); err != nil {
		return c, err
	}
	if c.Messages, err = s.messages(l.Messages); err != nil {
		return c, err
	}
	if c.Revisions, err = s.revisions(c, l.Revisions); err != nil {
		return c, err
	}
	if c.PermittedLabels, err = s.permitted.read(l.PermittedLabels); err != nil {
		return c, err
	}
	c.Labels, err = s.labels(l.Labels)
	return c, err
}

func (s *sharing) messages(read []listedMessage) (all []ChangeMessageInfo, err error) {
	if len(read) == 0 {
		return nil, nil
	}
	all = make([]ChangeMessageInfo, len(read))
	for i, m := range read {
		if m.ChangeMessageInfo.Author, err = s.people.read(m.Author); err != nil {
			return nil, err
		}
		s.word(&m.Tag)
		all[i] = m.ChangeMessageInfo
	}
	return all, nil
}

func (s *sharing) revisions(c *ChangeInfo, read map[string]listedRevision) (all map[string]RevisionInfo, err error) {
	if len(read) == 0 {
		return nil, nil
	}
	all = make(map[string]RevisionInfo, len(read))
	for name, r := range read {
		if r.RevisionInfo.Uploader, err = s.people.read(r.Uploader); err != nil {
			return nil, err
		}
		if name == c.CurrentRevision {
			c.CurrentRevision = name // the same text
		}
		s.revision(c, &r.RevisionInfo)
		all[name] = r.RevisionInfo
	}
	return all, nil
}

func (s *sharing) labels(read map[string]listedLabel) (all map[string]LabelInfo, err error) {
	if len(read) == 0 {
		return nil, nil
	}
	all = make(map[string]LabelInfo, len(read))
	for name, l := range read {
		if l.LabelInfo.Values, err = s.values.read(l.Values); err != nil {
			return nil, err
		}
		s.label(&l.LabelInfo)
		all[s.known(name)] = l.LabelInfo
	}
	return all, nil
}

func (s *sharing) label(l *LabelInfo) {
	s.account(&l.Approved)
	s.account(&l.Rejected)
	for i := range l.All {
		vote := &l.All[i]
		account := &vote.AccountInfo
		s.account(&account)
		vote.AccountInfo = *account
		s.word(&vote.Tag)
		if r := vote.PermittedVotingRange; r != nil {
			if _, ok := s.ranges[*r]; !ok {
				s.ranges[*r] = r
			}
			vote.PermittedVotingRange = s.ranges[*r]
		}
	}
}

func (s *sharing) revision(c *ChangeInfo, r *RevisionInfo) {
	s.word(&r.Kind)
	if r.Commit == nil {
		return
	}
	if r.Commit.Subject == c.Subject {
		r.Commit.Subject = c.Subject // the same text
	}
	s.word(&r.Commit.Author.Name, &r.Commit.Author.Email, &r.Commit.Committer.Name, &r.Commit.Committer.Email)
	for i := range r.Commit.Parents {
		s.word(&r.Commit.Parents[i].CommitID, &r.Commit.Parents[i].Subject)
	}
}

// account replaces an account by the one like it that came before.
func (s *sharing) account(a **AccountInfo) {
	if *a == nil {
		return
	}
	if before := s.accounts[(*a).NumericID]; before.Equal(*a) && before.MoreAccounts == (*a).MoreAccounts {
		*a = before
		return
	}
	one := **a // a vote's is a part of the vote, which would be kept with it
	s.accounts[one.NumericID], *a = &one, &one
}

func (s *sharing) word(words ...*string) {
	for _, w := range words {
		*w = s.known(*w)
	}
}

func (s *sharing) known(word string) string {
	if before, ok := s.words[word]; ok {
		return before
	}
	s.words[word] = word
	return word
}

// parsed has what JSON says by its text.
type parsed[T any] map[string]T

// read is the zero value where there is no text.
func (p parsed[T]) read(text json.RawMessage) (value T, err error) {
	if len(text) == 0 {
		return value, nil
	}
	if before, ok := p[string(text)]; ok {
		return before, nil
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return value, err
	}
	p[string(text)] = value
	return value, nil
}
