package ruleset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"verdict/internal/problems"
	"verdict/rules"
)

// BrokenRules is the name of the problem of a team whose last good rules stand in, and of what is wrong with rules and
// belongs to no team.
const BrokenRules = "rules are broken"

// tell tells each broken team's contact, says which teams are mended, and which of the rules that voted are lost.
func (l *Loader) tell(ctx context.Context, voted []string, now *Active) {
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
	l.tellLost(ctx, voted, now)
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

// tellLost tells of rules that voted, and no longer do: a change that waits for such a vote waits for ever, and one
// that it kept from being merged can be.
func (l *Loader) tellLost(ctx context.Context, voted []string, now *Active) {
	votes := votesOf(now.Set)
	for _, rule := range voted {
		if _, stays := slices.BinarySearch(votes, rule); stays {
			continue
		}
		team, name, _ := strings.Cut(rule, "/")
		l.Problems.Tell(ctx, problems.Problem{
			Team: team, Name: "rule " + name + " no longer votes", Said: lostBy(now.Set.Rule(team, name)) + "; its votes are taken back",
			Remedy: "if that is meant, nothing; else bring it back, what is taken back is not voted again by itself",
		})
	}
}

// votesOf are the live rules that vote, as team/rule, sorted.
func votesOf(set *rules.Set) []string {
	votes := []string{}
	for _, r := range set.Rules() {
		if r.Mode == rules.Live && r.Votes() {
			votes = append(votes, r.Team+"/"+r.Name)
		}
	}
	slices.Sort(votes)
	return votes
}

func lostBy(r *rules.Rule) string {
	switch {
	case r == nil:
		return "it is gone from the rules"
	case r.Mode != rules.Live:
		return "its mode is " + string(r.Mode)
	}
	return "it casts no vote any more"
}
