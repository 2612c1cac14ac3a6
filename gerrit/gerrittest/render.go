package gerrittest

import (
	"fmt"
	"net/url"
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
	for _, name := range []string{"LABELS", "DETAILED_LABELS", "DETAILED_ACCOUNTS", "MESSAGES", "REVIEWER_UPDATES"} {
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
		"insertions": inserted, "deletions": deleted, "total_comment_count": len(c.comments), "unresolved_comment_count": c.unresolved(),
		"has_review_started": c.started, "meta_rev_id": c.meta, "_number": c.number, "virtual_id_number": c.number,
		"owner": account(c.owner), "current_revision_number": p.number, "requirements": []object{}, "submit_records": []object{},
	}
	if len(c.attention) > 0 {
		info["attention_set"], info["removed_from_attention_set"] = c.attentionSets(account)
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
	if c.picked != nil {
		info["cherry_pick_of_change"], info["cherry_pick_of_patch_set"] = c.pickedOf, c.picked.number
	}
	if c.status == statusMerged {
		info["submitted"], info["submitter"], info["submission_id"] = stamp(c.submitted), account(c.submitter), fmt.Sprint(c.number)
	}
	s.addFields(info, c, by, f, account)
	return info
}

// addFields adds what was asked for.
func (s *Server) addFields(info object, c *change, by *account, f fields, account func(*account) object) {
	if f["LABELS"] || f["DETAILED_LABELS"] {
		info["labels"] = s.labelInfos(c, account, f["DETAILED_LABELS"])
	}
	if f["DETAILED_LABELS"] {
		info["permitted_labels"] = s.permitted(c, by)
		info["reviewers"] = c.reviewerSets(account)
	}
	if f["REVIEWER_UPDATES"] {
		info["reviewer_updates"] = c.reviewerUpdates(account)
	}
	if f["SUBMITTABLE"] {
		info["submittable"] = c.open() && s.notReady(c) == ""
	}
	if f["SUBMIT_REQUIREMENTS"] {
		info["submit_requirements"] = s.requirementInfos(c)
	}
	if f["CHANGE_ACTIONS"] {
		info["actions"] = s.changeActions(c, by)
	}
	if f["MESSAGES"] {
		info["messages"] = s.messageInfos(c, account, false)
	}
	if f["CURRENT_REVISION"] || f["ALL_REVISIONS"] {
		info["current_revision"] = c.current().revision
		info["revisions"] = s.revisionInfos(c, account, f)
	}
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

// permitted is what somebody may vote: of a merged change nothing below what he
// has voted.
func (s *Server) permitted(c *change, by *account) object {
	permitted := object{}
	if by == nil || c.status == statusAbandoned {
		return permitted
	}
	for i := range s.config.Labels {
		l := &s.config.Labels[i]
		low, high, ok := l.rights(by)
		if !ok {
			continue
		}
		values := []string{}
		for v := low; v <= high; v++ {
			if _, known := l.Values[v]; known && (c.open() || v >= c.current().vote(l.Name, by)) {
				values = append(values, signed(v))
			}
		}
		permitted[l.Name] = values
	}
	return permitted
}
