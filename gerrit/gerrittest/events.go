package gerrittest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Event is what the server tells on `gerrit stream-events`.
type Event struct {
	Type    string // such as "comment-added"
	Project string
	Change  int    // 0 where it is of no change
	JSON    []byte // the line, without its end
	visible func(*account) bool
}

const noRevision = "0000000000000000000000000000000000000000"

// emit tells an event to Config.OnEvent and to those who listen by SSH and may
// see it.
func (s *Server) emit(kind, project string, number int, visible func(*account) bool, fields object) {
	if s.config.OnEvent == nil && len(s.listeners) == 0 {
		return
	}
	fields["type"], fields["eventCreatedOn"] = kind, s.now().Unix()
	line, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("gerrittest: %v", err)) // all that is told can be encoded
	}
	e := Event{Type: kind, Project: project, Change: number, JSON: line, visible: visible}
	if s.config.OnEvent != nil {
		s.config.OnEvent(e)
	}
	for l := range s.listeners {
		l.offer(e)
	}
}

// tell tells an event of a change.
func (s *Server) tell(c *change, kind string, fields object) {
	fields["change"], fields["project"], fields["refName"] = s.changeEvent(c), c.project, "refs/heads/"+c.branch
	fields["changeKey"] = object{"id": c.id}
	s.emit(kind, c.project, c.number, c.visible, fields)
}

// tellOf is tell for events that have a patch set, too.
func (s *Server) tellOf(c *change, p *patchset, kind string, fields object) {
	fields["patchSet"] = patchsetEvent(c, p)
	s.tell(c, kind, fields)
}

func (s *Server) tellPatchset(c *change, p *patchset) {
	s.tellOf(c, p, "patchset-created", object{"uploader": p.uploader.eventInfo()})
}

// tellComment tells of a review, with what its author now votes on the patch
// set and, where that is news, what was voted before.
func (s *Server) tellComment(c *change, p *patchset, by *account, text string, before map[string]int) {
	s.tellOf(c, p, "comment-added", object{
		"author": by.eventInfo(), "approvals": s.approvalEvents(p, by, before), "comment": s.plainText(text),
	})
}

func (s *Server) approvalEvents(p *patchset, of *account, before map[string]int) []object {
	approvals := []object{}
	for i := range s.config.Labels {
		name := s.config.Labels[i].Name
		a := object{"type": name, "description": name, "value": fmt.Sprint(p.vote(name, of))}
		if was, changed := before[name]; changed {
			a["oldValue"] = fmt.Sprint(was)
		}
		approvals = append(approvals, a)
	}
	return approvals
}

// tellRef tells that a change's state moved on.
func (s *Server) tellRef(c *change, by *account, before string) {
	if before == "" {
		before = noRevision
	}
	s.tellUpdate(c.project, by, fmt.Sprintf("refs/changes/%02d/%d/meta", c.number%100, c.number), before, c.meta, c.visible)
}

// tellNewRef tells that a patch set came.
func (s *Server) tellNewRef(c *change, p *patchset) {
	s.tellUpdate(c.project, p.uploader, p.ref(c), noRevision, p.revision, c.visible)
}

// tellBranch tells that a branch or tag moved.
func (s *Server) tellBranch(project string, by *account, ref, before, after string) {
	s.tellUpdate(project, by, ref, before, after, func(*account) bool { return true })
}

func (s *Server) tellUpdate(project string, by *account, ref, before, after string, visible func(*account) bool) {
	s.emit("ref-updated", project, 0, visible, object{
		"submitter": by.eventInfo(),
		"refUpdate": object{"oldRev": before, "newRev": after, "refName": ref, "project": project},
	})
}

func (a *account) eventInfo() object {
	return object{"name": a.Name, "email": a.Email, "username": a.Username}
}

func (s *Server) changeEvent(c *change) object {
	p := c.current()
	info := object{
		"project": c.project, "branch": c.branch, "id": c.id, "number": c.number, "subject": p.subject, "owner": c.owner.eventInfo(),
		"url": fmt.Sprintf("%s/c/%s/+/%d", s.url, c.project, c.number), "commitMessage": p.body, "createdOn": c.created.Unix(), "status": c.status,
	}
	if c.topic != "" {
		info["topic"] = c.topic
	}
	if len(c.hashtags) > 0 {
		info["hashtags"] = c.hashtags
	}
	if c.wip {
		info["wip"] = true
	}
	if c.private {
		info["private"] = true
	}
	if c.picked != nil {
		info["cherryPickOfChange"], info["cherryPickOfPatchSet"] = c.pickedOf, c.picked.number
	}
	return info
}

func patchsetEvent(c *change, p *patchset) object {
	inserted, erased := p.size()
	return object{
		"number": p.number, "revision": p.revision, "parents": p.parents, "ref": p.ref(c), "uploader": p.uploader.eventInfo(),
		"createdOn": p.created.Unix(), "author": authorEvent(p), "kind": p.kind,
		// Unlike everywhere else the commit message counts, with its head of six lines.
		"sizeInsertions": inserted + len(lines(p.body)) + 6, "sizeDeletions": erased,
	}
}

func authorEvent(p *patchset) object {
	author := object{"name": p.author.name, "email": p.author.email}
	if p.author == p.uploader.person() {
		author["username"] = p.uploader.Username
	}
	return author
}

// plainText is a message as the list of messages and the events have it, with
// names in place of account numbers.
func (s *Server) plainText(text string) string {
	if !strings.Contains(text, "<GERRIT_ACCOUNT_") {
		return text
	}
	for _, a := range s.accounts {
		text = strings.ReplaceAll(text, a.mention(), fmt.Sprintf("%s <%s>", a.Name, a.Email))
	}
	return text
}
