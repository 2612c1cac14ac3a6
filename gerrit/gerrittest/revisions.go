package gerrittest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (s *Server) revisionInfos(c *change, account func(*account) object, f fields) object {
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
		if p.description != "" {
			info["description"] = p.description
		}
		if f["ALL_COMMITS"] || current && f["CURRENT_COMMIT"] {
			info["commit"] = s.commitInfo(p.commit, false)
		}
		if f["ALL_FILES"] || current && f["CURRENT_FILES"] {
			files := p.fileInfosAgainst(nil)
			delete(files, commitMessageFile)
			info["files"] = files
		}
		infos[p.revision] = info
	}
	return infos
}

func (p *patchset) ref(c *change) string {
	return fmt.Sprintf("refs/changes/%02d/%d/%d", c.number%100, c.number, p.number)
}

// size counts the lines that a commit adds and takes away.
func (c *commit) size() (inserted, erased int) {
	for _, f := range c.changes {
		inserted, erased = inserted+f.inserted, erased+f.erased
	}
	return inserted, erased
}

// commitInfo is a commit as JSON; its own id is left out where it is known by it.
func (s *Server) commitInfo(c *commit, withID bool) object {
	parents := []object{}
	for _, id := range c.parents {
		parent := object{"commit": id, "subject": ""}
		if known := s.commits[id]; known != nil {
			parent["subject"] = known.subject
		}
		parents = append(parents, parent)
	}
	info := object{
		"parents": parents, "author": personInfo(c.author, c.date), "committer": personInfo(c.committer, c.date),
		"subject": c.subject, "message": c.body,
	}
	if withID {
		info["commit"] = c.revision
	}
	return info
}

// messageInfo is the commit message and the footers that it ends with.
func messageInfo(p *patchset) object {
	footers := map[string]string{}
	paragraphs := strings.Split(strings.TrimSpace(p.body), "\n\n")
	if last := paragraphs[len(paragraphs)-1]; len(paragraphs) > 1 && footersOnly.MatchString(last) {
		for _, line := range lines(last) {
			name, value, _ := strings.Cut(line, ": ")
			footers[name] = value
		}
	}
	return object{"subject": p.subject, "full_message": p.body, "footers": footers}
}

// patch is a commit as "git format-patch" gives it.
func (p *patchset) patch() string {
	var b strings.Builder
	_, rest, _ := strings.Cut(p.body, "\n")
	fmt.Fprintf(&b, "From %s Mon Sep 17 00:00:00 2001\nFrom: %s <%s>\nDate: %s\nSubject: [PATCH] %s\n%s---\n\n",
		p.revision, p.author.name, p.author.email, p.date.Format("Mon, 02 Jan 2006 15:04:05 -0700"), p.subject, rest)
	for _, path := range slices.Sorted(maps.Keys(p.changes)) {
		f := p.changes[path]
		fmt.Fprintf(&b, "diff --git a/%[1]s b/%[1]s\n--- a/%[1]s\n+++ b/%[1]s\n@@ -1,%d +1,%d @@\n", path, len(lines(f.before)), len(lines(f.after)))
		for _, h := range diffLines(lines(f.before), lines(f.after)) {
			writeLines(&b, " ", h.both)
			writeLines(&b, "-", h.a)
			writeLines(&b, "+", h.b)
		}
	}
	return b.String()
}

func writeLines(b *strings.Builder, mark string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "%s%s\n", mark, line)
	}
}
