package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"verdict/gerrit"
)

// byAction are the actions of teams.yaml whose permission a change tells us, with Gerrit's name of the call and of the
// permission. Of the others it says nothing: a comment needs no permission, to submit depends on the change.
var byAction = []struct{ action, call, permission string }{
	{"hashtags", "hashtags", "Edit Hashtags"},
	{"topic", "topic", "Edit Topic Name"},
	{"abandon", "abandon", "Abandon"},
	{"wip", "wip", "Toggle Work In Progress state"},
}

// rights looks at what the account may do on a project. Gerrit tells that of a change only, and of an open one: the one
// that was updated last stands for its branch.
func (g Gerrit) rights(ctx context.Context, f *findings, grants []granted, project string) {
	changes, err := g.Client.QueryChanges(ctx, fmt.Sprintf("project:%q status:open -is:wip", project),
		gerrit.QueryChangesOpt{N: 1, Fields: []string{"DETAILED_LABELS", "CHANGE_ACTIONS", "SKIP_DIFFSTAT"}})
	if err != nil {
		f.note(project, err.Error(), "")
		return
	}
	if len(changes) == 0 {
		f.note(project, "read; which votes and hashtags are permitted can't be told, for it has no open change", "look again when there is one")
		return
	}
	c := changes[0]
	var can []string
	votes := g.votes(grants, c)
	for _, label := range slices.Sorted(maps.Keys(votes)) {
		if text, ok := f.vote(c, label, votes[label]); ok {
			can = append(can, text)
		}
	}
	for _, a := range byAction {
		switch {
		case !wanted(grants, c, a.action):
		case c.Actions[a.call].Enabled:
			can = append(can, a.action)
		case c.Actions == nil:
			f.note(project, fmt.Sprintf("the server doesn't say whether %s is permitted", a.action), "")
		default:
			f.missing(project, fmt.Sprintf("%s is granted to a team, and not permitted to the account on %s", a.action, c.Branch),
				fmt.Sprintf("grant %s on refs/heads/* of the project to Service Users", a.permission))
		}
	}
	if wanted(grants, c, "submit") {
		f.note(project, "submit is granted to a team; whether it is permitted Gerrit tells of a change only that could be merged",
			"grant Submit on refs/heads/* of the project to Service Users, unless that is so")
	}
	slices.Sort(can)
	if len(can) > 0 {
		f.fine(project, "%s (seen on change %d, %s)", strings.Join(can, ", "), c.ChangeNumber, c.Branch)
	} else {
		f.fine(project, "read")
	}
}

// wanted tells whether some team may do this on the change's branch.
func wanted(grants []granted, c *gerrit.ChangeInfo, action string) bool {
	return slices.ContainsFunc(grants, func(one granted) bool {
		return slices.Contains(one.grant.Actions, action) && one.team.MayDo(one.grant.Server, c.Project, c.Branch, action) == nil
	})
}

// reach is the widest range of a label that teams may vote on a change, and one of those teams.
type reach struct {
	low, high int
	team      string
}

func (g Gerrit) votes(grants []granted, c *gerrit.ChangeInfo) map[string]reach {
	all := map[string]reach{}
	for _, one := range grants {
		for label, r := range one.grant.Labels {
			if one.team.MayVote(g.Name, c.Project, c.Branch, label, r[0]) != nil || one.team.MayVote(g.Name, c.Project, c.Branch, label, r[1]) != nil {
				continue // it is granted on other branches
			}
			wide := all[label]
			if r[0] < wide.low || r[1] > wide.high {
				wide.team = one.team.Name
			}
			wide.low, wide.high = min(wide.low, r[0]), max(wide.high, r[1])
			all[label] = wide
		}
	}
	return all
}

// vote compares what is granted of a label with what Gerrit permits.
func (f *findings) vote(c *gerrit.ChangeInfo, label string, wanted reach) (text string, ok bool) {
	asked := span(wanted.low, wanted.high)
	if _, known := c.Labels[label]; !known {
		names := slices.Sorted(maps.Keys(c.Labels))
		f.missing(c.Project, fmt.Sprintf("there is no label %s on %s, which %s is granted (%s); there are %s", label, c.Branch, wanted.team, asked, orNone(names)),
			fmt.Sprintf("define the label in project.config of the project or All-Projects, or take %s out of the grant", label))
		return "", false
	}
	low, high, err := permitted(c.PermittedLabels[label])
	switch {
	case err != nil:
		f.note(c.Project, err.Error(), "")
		return "", false
	case low <= wanted.low && high >= wanted.high:
		return label + " " + asked, true
	}
	have := "may not vote " + label
	if low != 0 || high != 0 {
		have = fmt.Sprintf("may vote %s %s", label, span(low, high))
	}
	f.missing(c.Project, fmt.Sprintf("the account %s on %s, and %s is granted %s", have, c.Branch, wanted.team, asked),
		fmt.Sprintf("grant Label %s %s on refs/heads/* of the project to Service Users", label, asked))
	return "", false
}

// permitted is the range of what may be voted: "-1", " 0", "+1".
func permitted(values []string) (low, high int, err error) {
	for _, text := range values {
		v, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0, 0, errors.New("the server's list of permitted votes can't be read")
		}
		low, high = min(low, v), max(high, v)
	}
	return low, high, nil
}

// span is a range as teams.yaml and Gerrit's pages show it: -1..+1, 0..+2.
func span(low, high int) string {
	return strings.ReplaceAll(fmt.Sprintf("%+d..%+d", low, high), "+0", "0")
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return atMost(8, words)
}
