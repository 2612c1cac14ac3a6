package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// trust is a row: who may start tasks, and with which scopes.
type trust struct {
	who    []string
	scopes []string
	line   int
}

// trustTask is a kind of task whose word about its change is believed. Each pattern that is set has to fit.
type trustTask struct{ scheduler, project, queue *pattern }

const (
	whoAnyone = "anyone"
	whoGroup  = "group:"
	whoUser   = "user:"
)

// TaskScopes are the scopes that a task may use: all of the team's where no patchset is the cause, else those of
// the first trust row that fits the less trusted of the two people behind it; with what roles give. Rows go from the most trusted to
// the least. A patchset whose people no row fits is refused with a *Denied.
func (t *Team) TaskScopes(patchsetBy *Identities) (granted []string, err error) {
	if patchsetBy == nil {
		return t.expand(t.Scopes), nil
	}
	row := -1
	for _, person := range []struct {
		role string
		Account
	}{{"uploader", patchsetBy.Uploader}, {"author", patchsetBy.Author}} {
		i := slices.IndexFunc(t.trust, func(r trust) bool { return r.fits(person.Account) })
		if i < 0 {
			return nil, &Denied{Team: t.Name, Where: fmt.Sprintf("%s:%d", t.file, t.Line),
				What: fmt.Sprintf("no trust row of %s fits the %s %s", t.Name, person.role, person.name())}
		}
		row = max(row, i)
	}
	return t.expand(t.trust[row].scopes), nil
}

// Grants says whether a scope is among the team's.
func (t *Team) Grants(scope string) bool { return satisfied(t.expand(t.Scopes), scope) }

// Releases are the scopes that an account's word gives to a patchset of others: those of the first trust row that names
// the account, or a group of it. A row for anyone makes nobody a maintainer; ok is false where no other fits.
func (t *Team) Releases(a Account) (granted []string, ok bool) {
	i := slices.IndexFunc(t.trust, func(r trust) bool { return r.names(a) })
	if i < 0 {
		return nil, false
	}
	return t.expand(t.trust[i].scopes), true
}

func (r trust) names(a Account) bool {
	named := trust{who: slices.DeleteFunc(slices.Clone(r.who), func(who string) bool { return who == whoAnyone })}
	return named.fits(a)
}

// Releasers are whom the trust rows name whose scopes allow something, in their order, but for anyone.
func (t *Team) Releasers(allows func(granted []string) bool) []string {
	var out []string
	for _, r := range t.trust {
		if slices.Equal(r.who, []string{whoAnyone}) || !allows(t.expand(r.scopes)) {
			continue
		}
		for _, who := range r.who {
			if who != whoAnyone {
				out = appendNew(out, who)
			}
		}
	}
	return out
}

// Maintained are the teams that may do anything on a project's branch and trust somebody by name or group, by name.
func (s *Set) Maintained(server, project, branch string) []*Team {
	var out []*Team
	for _, t := range s.teams.All() {
		anybody := func([]string) bool { return true }
		if len(t.Releasers(anybody)) > 0 && t.Sees(server, project, branch) {
			out = append(out, t)
		}
	}
	return out
}

func (a Account) name() string {
	if a.Username != "" {
		return a.Username
	}
	if a.Email != "" {
		return a.Email
	}
	return "without an account"
}

func (r trust) fits(a Account) bool {
	return slices.ContainsFunc(r.who, func(who string) bool {
		if group, ok := strings.CutPrefix(who, whoGroup); ok {
			return slices.Contains(a.Groups, group)
		}
		if user, ok := strings.CutPrefix(who, whoUser); ok {
			return a.Username != "" && a.Username == user
		}
		return who == whoAnyone
	})
}

// TrustsTask says whether the team believes what a task says of the change that it is for.
func (t *Team) TrustsTask(schedulerID, projectID, taskQueueID string) bool {
	return slices.ContainsFunc(t.trustTasks, func(k trustTask) bool {
		return fits(k.scheduler, schedulerID) && fits(k.project, projectID) && fits(k.queue, taskQueueID)
	})
}

func fits(p *pattern, text string) bool { return p == nil || p.match(text) }

func (l *teamsLoader) trust(t *Team, n *yamlfile.Node, form trustForm) trust {
	for i, who := range form.Who {
		name, isGroup := strings.CutPrefix(who, whoGroup)
		user, isUser := strings.CutPrefix(who, whoUser)
		if who == whoAnyone || isGroup && name != "" || isUser && user != "" {
			continue
		}
		l.report(n.Get("who").List()[i], fmt.Sprintf("%q names nobody", who), "write group:NAME, user:NAME or anyone")
	}
	for i, scope := range form.Scopes {
		if !satisfied(t.Scopes, scope) && len(t.assumed()) == 0 { // WithRoles asks again
			l.report(n.Get("scopes").Items[i], fmt.Sprintf("%s is not satisfied by the scopes of %s", scope, t.Name), "add it to scopes, or take it away here")
		}
	}
	return trust{who: form.Who, scopes: form.Scopes, line: n.Line}
}

func (l *teamsLoader) trustTask(n *yamlfile.Node, form trustTaskForm) trustTask {
	var out trustTask
	for key, field := range map[string]struct {
		text string
		into **pattern
	}{"schedulerId": {form.SchedulerID, &out.scheduler}, "projectId": {form.ProjectID, &out.project}, "taskQueueId": {form.TaskQueueID, &out.queue}} {
		if n.Get(key) == nil {
			continue
		}
		p, err := newPattern(field.text)
		if err != nil {
			l.report(n.Get(key), fmt.Sprintf("%q: %v", field.text, err), "")
		}
		*field.into = &p
	}
	if out == (trustTask{}) {
		l.report(n, "a row that trusts every task", "name a schedulerId, projectId or taskQueueId")
	}
	return out
}

// satisfied says whether a scope is among those that are held: it is there, or one that ends in * begins it.
func satisfied(have []string, need string) bool {
	return slices.ContainsFunc(have, func(scope string) bool {
		prefix, wild := strings.CutSuffix(scope, "*")
		return scope == need || wild && strings.HasPrefix(need, prefix)
	})
}
