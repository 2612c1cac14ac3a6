package gerrittest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// fields are the optional parts of a change that were asked for.
type fields map[string]bool

var knownFields = strings.Fields(`LABELS DETAILED_LABELS CURRENT_REVISION ALL_REVISIONS CURRENT_COMMIT ALL_COMMITS
	CURRENT_FILES ALL_FILES MESSAGES DETAILED_ACCOUNTS REVIEWER_UPDATES SUBMITTABLE SUBMIT_REQUIREMENTS WEB_LINKS
	DOWNLOAD_COMMANDS CHECK COMMIT_FOOTERS PUSH_CERTIFICATES TRACKING_IDS STAR CUSTOM_KEYED_VALUES SKIP_DIFFSTAT
	CURRENT_ACTIONS CHANGE_ACTIONS REVIEWED PARENTS`)

// detail is what the detail of a change has without asking.
func (f fields) detail() fields {
	for _, name := range []string{"LABELS", "DETAILED_LABELS", "DETAILED_ACCOUNTS", "MESSAGES"} {
		f[name] = true
	}
	return f
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000000") }

// info is a change as JSON, for somebody.
func (s *Server) info(c *change, by *account, f fields) object {
	account := (*account).brief
	if f["DETAILED_ACCOUNTS"] {
		account = infoOf
	}
	p := c.current()
	inserted, deleted := p.size()
	info := object{
		"id": fmt.Sprintf("%s~%d", escapeID(c.project), c.number), "triplet_id": escapeID(c.project) + "~" + escapeID(c.branch) + "~" + c.id,
		"project": c.project, "branch": c.branch, "change_id": c.id, "subject": p.subject, "status": c.status,
		"created": stamp(c.created), "updated": stamp(c.updated), "hashtags": append([]string{}, c.hashtags...),
		"insertions": inserted, "deletions": deleted, "total_comment_count": c.comments, "unresolved_comment_count": 0,
		"has_review_started": !c.wip, "meta_rev_id": c.meta, "_number": c.number, "virtual_id_number": c.number,
		"owner": account(c.owner), "current_revision_number": p.number, "requirements": []object{}, "submit_records": []object{},
	}
	optional := func(set bool, name string, value any) {
		if set {
			info[name] = value
		}
	}
	optional(c.topic != "", "topic", c.topic)
	optional(c.wip, "work_in_progress", true)
	optional(c.private, "is_private", true)
	optional(c.open(), "submit_type", "MERGE_IF_NECESSARY")
	if c.status == statusMerged {
		info["submitted"], info["submitter"], info["submission_id"] = stamp(c.submitted), account(c.submitter), fmt.Sprint(c.number)
	}
	if f["LABELS"] || f["DETAILED_LABELS"] {
		info["labels"] = s.labelInfos(c, account, f["DETAILED_LABELS"])
	}
	if f["DETAILED_LABELS"] {
		info["permitted_labels"] = s.permitted(by)
		info["reviewers"] = c.reviewerInfos(account)
	}
	if f["MESSAGES"] {
		info["messages"] = c.messageInfos(account)
	}
	if f["CURRENT_REVISION"] || f["ALL_REVISIONS"] {
		info["current_revision"] = p.revision
		info["revisions"] = c.revisionInfos(account, f)
	}
	return info
}

func infoOf(a *account) object { return a.info() }

// escapeID escapes as Gerrit does in the ids that it gives.
func escapeID(s string) string { return url.QueryEscape(s) }

func (s *Server) labelInfos(c *change, account func(*account) object, detailed bool) object {
	labels := object{}
	for i := range s.config.Labels {
		l := &s.config.Labels[i]
		low, high := l.edges()
		info := object{"default_value": 0, "optional": true, "description": "", "values": l.texts()}
		for _, a := range c.current().approvals {
			switch {
			case a.label != l.Name || a.value == 0:
			case a.value == high:
				info["approved"] = account(a.by)
			case a.value == low:
				info["rejected"] = account(a.by)
			}
		}
		if all := c.approvalInfos(l, account); detailed && len(all) > 0 {
			info["all"] = all
		}
		labels[l.Name] = info
	}
	return labels
}

// approvalInfos has every reviewer, with value 0 where he has no vote.
func (c *change) approvalInfos(l *Label, account func(*account) object) []object {
	var all []object
	for _, r := range c.reviewers {
		info := account(r)
		info["value"] = 0
		if a := c.current().approval(l.Name, r); a != nil && a.value != 0 {
			info["value"], info["date"] = a.value, stamp(a.date)
			if a.tag != "" {
				info["tag"] = a.tag
			}
		}
		if low, high, ok := l.rights(r); ok && c.open() {
			info["permitted_voting_range"] = object{"min": low, "max": high}
		}
		all = append(all, info)
	}
	return all
}

func (l *Label) texts() object {
	texts := object{}
	for v, text := range l.Values {
		texts[signed(v)] = text
	}
	return texts
}

// signed writes a value as Gerrit names it: "-1", " 0", "+1".
func signed(v int) string {
	if v == 0 {
		return " 0"
	}
	return fmt.Sprintf("%+d", v)
}

func (s *Server) permitted(by *account) object {
	permitted := object{}
	for i := range s.config.Labels {
		l := &s.config.Labels[i]
		low, high, ok := l.rights(by)
		if !ok {
			continue
		}
		values := []string{}
		for v := low; v <= high; v++ {
			if _, known := l.Values[v]; known {
				values = append(values, signed(v))
			}
		}
		permitted[l.Name] = values
	}
	return permitted
}

func (c *change) reviewerInfos(account func(*account) object) object {
	infos := object{}
	for _, r := range c.reviewers {
		infos["REVIEWER"] = append(list(infos["REVIEWER"]), account(r))
	}
	for _, r := range c.ccs {
		infos["CC"] = append(list(infos["CC"]), account(r))
	}
	return infos
}

func list(v any) []object {
	l, _ := v.([]object)
	return l
}

func (c *change) messageInfos(account func(*account) object) []object {
	infos := []object{}
	for _, m := range c.messages {
		info := object{
			"id": m.id, "author": account(m.author), "date": stamp(m.date), "message": m.text,
			"accounts_in_message": []object{}, "_revision_number": m.patchset,
		}
		if m.tag != "" {
			info["tag"] = m.tag
		}
		infos = append(infos, info)
	}
	return infos
}

func (c *change) revisionInfos(account func(*account) object, f fields) object {
	infos := object{}
	for _, p := range c.patchsets {
		current := p == c.current()
		if !current && !f["ALL_REVISIONS"] {
			continue
		}
		info := object{
			"kind": p.kind, "_number": p.number, "created": stamp(p.created), "uploader": account(p.uploader),
			"ref": p.ref(c), "fetch": object{}, "branch": "refs/heads/" + c.branch,
		}
		if f["ALL_COMMITS"] || current && f["CURRENT_COMMIT"] {
			info["commit"] = p.commitInfo()
		}
		if f["ALL_FILES"] || current && f["CURRENT_FILES"] {
			info["files"] = p.fileInfos(false)
		}
		infos[p.revision] = info
	}
	return infos
}

func (p *patchset) ref(c *change) string {
	return fmt.Sprintf("refs/changes/%02d/%d/%d", c.number%100, c.number, p.number)
}

func (p *patchset) commitInfo() object {
	author := object{"name": p.author.name, "email": p.author.email, "date": stamp(p.created), "tz": 0}
	committer := object{"name": p.uploader.Name, "email": p.uploader.Email, "date": stamp(p.created), "tz": 0}
	return object{
		"parents": []object{{"commit": p.parent, "subject": "Initial empty repository"}},
		"author":  author, "committer": committer, "subject": p.subject, "message": p.body,
	}
}

// fileInfos has every file as added: there is no git to compare with.
func (p *patchset) fileInfos(message bool) object {
	infos := object{}
	for path, text := range p.files {
		infos[path] = object{"status": "A", "new_mode": 0o100644, "lines_inserted": lines(text), "size_delta": len(text), "size": len(text)}
	}
	if message {
		infos["/COMMIT_MSG"] = object{"status": "A", "lines_inserted": lines(p.body), "size_delta": len(p.body), "size": len(p.body)}
	}
	return infos
}

func (p *patchset) size() (inserted, deleted int) {
	for _, text := range p.files {
		inserted += lines(text)
	}
	return inserted, 0
}

func lines(text string) int { return len(slices.Collect(strings.Lines(text))) }
