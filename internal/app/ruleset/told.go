package ruleset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// BrokenRules is the name of the problem of a team whose last good rules stand in, and of what is wrong with rules and
// belongs to no team.
const BrokenRules = "rules are broken"

// tell tells each broken team's contact, says which teams are mended, and which of the rules that voted are lost. Each
// process does that puts the set into force: who published it may have died before.
func (l *Loader) tell(ctx context.Context, before, now *Active) {
	if l.Problems == nil {
		return
	}
	for _, team := range slices.Sorted(maps.Keys(now.Broken)) {
		l.Problems.Tell(ctx, brokenOf(now, team))
	}
	known, err := l.Store.Problems(ctx)
	if err != nil {
		l.Log.Error().Err(err).Msg("it is not known which problems are over")
	}
	for _, p := range known {
		if p.Name == BrokenRules && len(now.Broken[p.Team]) == 0 {
			l.Problems.Over(ctx, p.Team, BrokenRules)
		}
	}
	for _, rule := range lost(before, now, known) {
		l.Problems.Tell(ctx, lostOf(now, rule))
	}
}

// Remind says again which teams are broken, so that each is told on every day that it is.
func (l *Loader) Remind(ctx context.Context) {
	now := l.Active()
	if l.Problems == nil || now == nil {
		return
	}
	for _, team := range slices.Sorted(maps.Keys(now.Broken)) {
		l.Problems.Still(ctx, brokenOf(now, team))
	}
}

func brokenOf(now *Active, team string) problems.Problem {
	found := now.Broken[team]
	p := problems.Problem{
		Team: team, Name: BrokenRules, Said: found[0],
		Remedy: "mend the file, bot check shows all that is wrong; until then the last good rules of the team are in force, if it had any",
	}
	if team == "" {
		p.Remedy = "mend it, bot check shows all that is wrong; until then what was good last is in force"
	}
	if more := len(found) - 1; more > 0 {
		p.Said += fmt.Sprintf(" (and %d more)", more)
	}
	return p
}

// lately is for how long a process that starts looks whether it was told which votes a publication took away.
const lately = 24 * time.Hour

// lost are the rules that voted in the set before, as team/rule, and no longer do. At the start they are those of the
// publication, but for what is known already.
func lost(before, now *Active, known []store.Problem) []string {
	if before != nil {
		return lostIn(now.Set, votesOf(before.Set))
	}
	report, err := ReportOf(now.Published)
	if err != nil || time.Since(now.Published.Published) > lately {
		return nil
	}
	return slices.DeleteFunc(report.Lost, func(rule string) bool {
		p := lostOf(now, rule)
		return slices.ContainsFunc(known, func(k store.Problem) bool { return k.Team == p.Team && k.Name == p.Name })
	})
}

// lostIn are those of the rules that voted, as team/rule, which don't in a set, by any name.
func lostIn(set *rules.Set, voted []string) []string {
	return slices.DeleteFunc(slices.Clone(voted), func(rule string) bool {
		team, name, _ := strings.Cut(rule, "/")
		return votes(set.Rule(team, name))
	})
}

// lostOf tells of a rule that voted, and no longer does: a change that waits for such a vote waits for ever, and one
// that it kept from being merged can be.
func lostOf(now *Active, rule string) problems.Problem {
	team, name, _ := strings.Cut(rule, "/")
	return problems.Problem{
		Team: team, Name: "rule " + name + " no longer votes", Said: lostBy(now.Set.Rule(team, name)) + "; its votes are taken back",
		Remedy: "if that is meant, nothing; else bring it back, what is taken back is not voted again by itself",
	}
}

// votesOf are the live rules that vote, as team/rule, sorted.
func votesOf(set *rules.Set) []string {
	all := []string{}
	for _, r := range set.Rules() {
		if votes(r) {
			all = append(all, r.Team+"/"+r.Name)
		}
	}
	slices.Sort(all)
	return all
}

func votes(r *rules.Rule) bool { return r != nil && r.Mode == rules.Live && r.Votes() }

func lostBy(r *rules.Rule) string {
	switch {
	case r == nil:
		return "it is gone from the rules"
	case r.Mode != rules.Live:
		return "its mode is " + string(r.Mode)
	}
	return "it casts no vote any more"
}
