package deliver

import (
	"encoding/json"
	"slices"

	"verdict/gerrit"
	"verdict/internal/store"
)

// ReportArgs is what a report says: the same again on a patchset is silence.
type ReportArgs struct {
	Label string `json:"label"`
	// Outcome names what is said, Failed that it is a failure, of which the owner is told once a patchset. An outcome
	// that isn't one yet has no ReportArgs.
	Outcome string `json:"outcome"`
	Failed  bool   `json:"failed,omitempty"`
	// Tasks is how each task of a name went, as store.Reported keeps it.
	Tasks json.RawMessage `json:"tasks"`
	// Of is the event whose opinion it speaks for, where that isn't its own: of a vote that was Kept from a patchset
	// of the same code.
	Of   string `json:"of,omitempty"`
	Kept bool   `json:"kept,omitempty"`
}

// opines tells the kinds of actions that come with an opinion on labels, and show it.
func opines(kind string) bool { return kind == KindVote || kind == KindReport }

// unsaid takes the message from reports that say what their rule said last on the patchset: the vote is still looked
// at. The first failure on a patchset is for its owner.
func (r *laneRun) unsaid(c *change, todo []work) []work {
	todo = slices.Clone(todo)
	for i, w := range todo {
		if w.args.Report == nil || w.args.Message == "" {
			continue
		}
		before := c.lastReport(w, r.nameOf(w))
		switch {
		case before.Outcome == w.args.Report.Outcome:
			todo[i].args.Message = ""
		case w.args.Report.Failed && !before.Failed && !w.args.Report.Kept:
			todo[i].args.Notify = gerrit.NotifyOwner
		}
	}
	return todo
}

// lastReport is what a report's rule said last on its patchset.
func (c *change) lastReport(w work, rule string) store.Reported {
	i := slices.IndexFunc(c.reported, func(r store.Reported) bool {
		return r.Revision == w.Revision && r.Team == w.Team && r.Rule == rule && r.Label == w.args.Report.Label
	})
	if i < 0 {
		return store.Reported{}
	}
	return c.reported[i]
}

// reports are what is kept of the reports among actions whose messages are on the change now.
func (r *laneRun) reports(c *change, works []work) []store.Reported {
	var out []store.Reported
	for _, w := range works {
		if said := w.args.Report; said != nil && w.args.Message != "" {
			out = append(out, store.Reported{
				Server: c.server, Change: c.number, Patchset: w.Patchset, Revision: w.Revision, Team: w.Team, Rule: r.nameOf(w), Label: said.Label,
				Project: w.Project, Branch: w.Branch, Outcome: said.Outcome, Tasks: said.Tasks, Failed: said.Failed,
			})
		}
	}
	return out
}

// waitsFor are the groups of the current patchset for which reports wait, or of one before it of the same code of which
// it is not known yet what is kept.
func (c *change) waitsFor(awaited []store.Awaited) []store.Awaited {
	revision := c.info.CurrentRevision
	known := slices.ContainsFunc(awaited, func(w store.Awaited) bool { return w.Revision == revision })
	kind := c.info.Revisions[revision].Kind
	before := !known && (kind == "NO_CODE_CHANGE" || kind == "NO_CHANGE")
	return slices.DeleteFunc(slices.Clone(awaited), func(w store.Awaited) bool {
		return !w.Waits() || w.Revision != revision && !(before && w.Patchset == c.patchset-1)
	})
}

// waiting are the opinions of the reports that wait for these groups.
func (r *laneRun) waiting(c *change, groups []store.Awaited, a store.Action) []store.Opinion {
	var out []store.Opinion
	for _, w := range groups {
		for _, reporting := range r.set.Reports(w.Team, a.Server, a.Project, a.Branch) {
			out = append(out, store.Opinion{
				Server: c.server, Change: c.number, Patchset: c.patchset, Revision: c.info.CurrentRevision, Kind: store.OpinionLabel, Target: reporting.Report.Label,
				Team: w.Team, Rule: reporting.Rule.Name, About: "group " + w.GroupID, Value: reporting.Report.Running, Stands: true, Waits: true,
			})
		}
	}
	return out
}
