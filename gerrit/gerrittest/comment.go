package gerrittest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// comment is an inline comment, one on a file, or on a patch set as a whole.
type comment struct {
	id         string
	path, side string
	line       int
	within     *commentRange
	text       string
	replyTo    string
	unresolved bool
	author     *account
	tag        string
	date       time.Time
	message    string // the id of the message that it came with
	patchset   *patchset
}

type commentRange struct {
	StartLine      int `json:"start_line"`
	StartCharacter int `json:"start_character"`
	EndLine        int `json:"end_line"`
	EndCharacter   int `json:"end_character"`
}

func (r *commentRange) valid() bool {
	return r.StartLine > 0 && r.StartCharacter >= 0 && r.EndCharacter >= 0 &&
		(r.EndLine > r.StartLine || r.EndLine == r.StartLine && r.EndCharacter >= r.StartCharacter)
}

type commentInput struct {
	Path       string
	Side       commentSide
	Line       int
	Range      *commentRange
	Message    string
	InReplyTo  string `json:"in_reply_to"`
	Unresolved *bool
}

// commentSide is REVISION, the default, or PARENT.
type commentSide string

func (v *commentSide) UnmarshalText(p []byte) error {
	if *v = commentSide(p); *v != "REVISION" && *v != "PARENT" {
		return fmt.Errorf("unknown side %q", p)
	}
	return nil
}

const patchsetLevel, commitMessageFile = "/PATCHSET_LEVEL", "/COMMIT_MSG"

// readComment tells what is wrong with a comment, or makes one. Without a text
// there is none.
func (s *Server) readComment(c *change, p *patchset, by *account, path string, in commentInput) (*comment, *answer) {
	no := func(format string, args ...any) (*comment, *answer) {
		a := refuse(http.StatusBadRequest, format, args...)
		return nil, &a
	}
	_, known := p.changes[path]
	switch {
	case !known && path != patchsetLevel && path != commitMessageFile:
		return no("file %s not found in revision %d,%d", path, c.number, p.number)
	case path == patchsetLevel && (in.Line != 0 || in.Range != nil || in.Side != ""):
		return no("Patchset-level comments can't have side, range, or line")
	case in.Line < 0:
		return no("negative line number %d not allowed on %s", in.Line, path)
	case in.Range != nil && !in.Range.valid():
		r := in.Range
		return no("Range (%d:%d - %d:%d) is not valid for the comment on %s", r.StartLine, r.StartCharacter, r.EndLine, r.EndCharacter, path)
	}
	made := s.newComment(p, by, path, in)
	if in.InReplyTo != "" {
		i := slices.IndexFunc(c.comments, func(of *comment) bool { return of.id == in.InReplyTo })
		if i < 0 {
			return no("Invalid inReplyTo, comment %s not found", in.InReplyTo)
		}
		if in.Unresolved == nil {
			made.unresolved = c.comments[i].unresolved
		}
	}
	if in.Message == "" {
		return nil, nil
	}
	return made, nil
}

func (s *Server) newComment(p *patchset, by *account, path string, in commentInput) *comment {
	id := s.sha("comment")
	made := &comment{
		id: id[:8] + "_" + id[8:16], path: path, line: in.Line, within: in.Range, text: in.Message, replyTo: in.InReplyTo,
		unresolved: in.Unresolved != nil && *in.Unresolved, author: by, date: s.now(), patchset: p,
	}
	if in.Side == "PARENT" {
		made.side = "PARENT"
	}
	if in.Range != nil {
		made.line = in.Range.EndLine
	}
	return made
}

// same tells whether two comments say the same at the same place.
func (c *comment) same(other *comment) bool {
	sameRange := c.within == nil && other.within == nil || c.within != nil && other.within != nil && *c.within == *other.within
	return c.path == other.path && c.side == other.side && c.line == other.line && c.text == other.text && c.author == other.author && sameRange
}

// unresolved counts the threads whose last comment is unresolved.
func (c *change) unresolved() int {
	last := map[string]*comment{} // by the thread's first
	root := map[string]string{}
	for _, of := range c.comments {
		at := of.id
		if of.replyTo != "" {
			at = root[of.replyTo]
		}
		root[of.id] = at
		if before := last[at]; before == nil || !of.date.Before(before.date) {
			last[at] = of
		}
	}
	n := 0
	for _, of := range last {
		if of.unresolved {
			n++
		}
	}
	return n
}

// commentInfos are comments by path, those on the first lines first. Without a
// patch set they tell each theirs.
func commentInfos(of []*comment, on *patchset) map[string][]object {
	sorted := slices.Clone(of)
	slices.SortStableFunc(sorted, func(a, b *comment) int { return cmp.Compare(a.line, b.line) })
	byPath := map[string][]object{}
	for _, c := range sorted {
		if on == nil || c.patchset == on {
			byPath[c.path] = append(byPath[c.path], c.info(on == nil))
		}
	}
	return byPath
}

func (c *comment) info(whole bool) object {
	info := object{
		"id": c.id, "updated": stamp(c.date), "message": c.text, "unresolved": c.unresolved, "commit_id": c.patchset.revision,
	}
	if c.side == "PARENT" {
		info["side"], info["commit_id"] = c.side, c.patchset.parent()
	}
	if c.line != 0 {
		info["line"] = c.line
	}
	if c.within != nil {
		info["range"] = c.within
	}
	if c.replyTo != "" {
		info["in_reply_to"] = c.replyTo
	}
	if whole {
		info["patch_set"] = c.patchset.number
	}
	if c.message != "" { // else it is a draft
		info["author"] = c.author.info()
		if whole {
			info["change_message_id"] = c.message
		}
		if c.tag != "" {
			info["tag"] = c.tag
		}
	}
	return info
}

// draftsOf are an account's comments that nobody else sees.
func (c *change) draftsOf(by *account) []*comment {
	var own []*comment
	for _, d := range c.drafts {
		if d.author == by {
			own = append(own, d)
		}
	}
	return own
}

// draftRoutes are drafts on a patch set. They don't touch the change.
func (s *Server) draftRoutes(q *request, c *change, p *patchset, path []string) answer {
	if len(path) == 0 {
		switch q.method {
		case http.MethodGet:
			return found(commentInfos(c.draftsOf(q.by), p))
		case http.MethodPut:
			return s.putDraft(q, c, p)
		}
		return notHere()
	}
	i := slices.IndexFunc(c.drafts, func(d *comment) bool { return d.id == path[0] && d.author == q.by && d.patchset == p })
	if i < 0 {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	switch q.method {
	case http.MethodDelete:
		c.drafts = slices.Delete(c.drafts, i, i+1)
		return answer{status: http.StatusNoContent}
	case http.MethodGet:
		return found(c.drafts[i].info(false))
	}
	return notHere()
}

func (s *Server) putDraft(q *request, c *change, p *patchset) answer {
	var in commentInput
	if a := q.decode(&in); a != nil {
		return *a
	}
	if in.Path == "" {
		return refuse(http.StatusBadRequest, "path must be non-empty")
	}
	draft := s.newComment(p, q.by, in.Path, in)
	c.drafts = append(c.drafts, draft)
	info := draft.info(false)
	info["path"] = draft.path
	return answer{status: http.StatusCreated, json: info}
}
