package decide

import (
	"context"
	"fmt"
	"time"

	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
)

// release keeps that somebody said "ok to test", of the patchset on which it was said: whoever looked at that one hasn't
// seen a later one. It is kept where some team trusts the account, and its grant is looked at again when a task is about
// to be created. Somebody whom none of them trusts is told so, if anything waits.
func (d *Decider) release(ctx context.Context, active Active, s *subject, f *facts.Session, teams []*rules.Team, now time.Time, v *store.Verdict) error {
	c, author := s.change, s.change.Message.Author
	lane := fmt.Sprintf("%s~%d", c.Server, c.Change.Number)
	who, err := f.Account(ctx)
	if err != nil {
		return fmt.Errorf("ask who said %q: %w", rules.OkToTest, err)
	}
	for _, team := range teams {
		if _, ok := team.Releases(who); ok && c.Patchset.Revision != "" {
			v.OkToTests = append(v.OkToTests, store.OkToTest{
				Server: c.Server, Change: c.Change.Number, Revision: c.Patchset.Revision,
				Account: author.ID, Username: author.Username, Email: author.Email, EventID: s.ID,
			})
			v.Again = append(v.Again, lane)
			return nil
		}
	}
	return d.answerOk(ctx, active, s, lane, now, v)
}

// answerOk tells somebody whose word doesn't count whose does.
func (d *Decider) answerOk(ctx context.Context, active Active, s *subject, lane string, now time.Time, v *store.Verdict) error {
	var by []string
	var answers []*rules.Rule
	waiting, err := d.Store.WaitForOk(ctx, lane)
	if err != nil {
		return err
	}
	for _, a := range waiting {
		team, ok := active.Set.Team(a.Team)
		if rule := active.Set.Rule(a.Team, a.Rule); ok && rule != nil {
			by = append(by, team.Releasers(func([]string) bool { return true })...)
			answers = append(answers, rule)
		}
	}
	if len(answers) == 0 {
		return nil
	}
	return d.tell(active, s, answers, "refused", refusedText(rules.OkToTest, by), now, v)
}
