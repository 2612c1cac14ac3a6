package decide

import (
	"fmt"
	"strings"
	"time"

	"verdict/internal/decide/ledger"
	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
)

// refusals are why no rule answered a command.
type refusals struct {
	// by are who may give it, of the rules that refused it; closed is what the change is that takes none.
	by     []string
	closed string
	// answers are the rules that may say so, heard is set once a rule takes the command.
	answers []*rules.Rule
	heard   bool
}

// answer tells somebody whose command no rule took why it came to nothing: once a person and change, since more would be
// noise for everybody who reads along.
func (d *Decider) answer(active Active, s *subject, now time.Time, v *store.Verdict) error {
	u := s.unheard
	if s.command == nil || u.heard || len(u.answers) == 0 {
		return nil
	}
	text := refusedText(s.command.Name, u.by)
	key := "refused"
	if len(u.by) == 0 {
		text, key = fmt.Sprintf("%s was not done: the change is %s", quoted(s.command.Name), u.closed), "closed"
	}
	return d.tell(active, s, u.answers, key, text, now, v)
}

func refusedText(name string, by []string) string {
	may := rules.SayBy(by)
	if text := fmt.Sprintf("%s was not done: it is for %s", quoted(name), may); len([]rune(text)) < 80 {
		return text
	}
	return fmt.Sprintf("%s was not done: it isn't for everybody\n\nThose who may: %s.", quoted(name), may)
}

// answerMisspelt tells what somebody meant who nearly wrote a command.
func (d *Decider) answerMisspelt(active Active, s *subject, written, meant string, now time.Time, v *store.Verdict) error {
	c := s.change
	o := rules.Occurrence{Source: "command", Type: meant, Server: c.Server, Project: c.Change.Project, Branch: c.Change.Branch}
	var answers []*rules.Rule
	for _, candidate := range d.match(active.Set, o) {
		if d.tooOld(active, s, candidate, now) == "" {
			answers = append(answers, candidate.Rule)
		}
	}
	return d.tell(active, s, answers, "misspelt", fmt.Sprintf("%s was not done; did you mean %s?", quoted(written), quoted(meant)), now, v)
}

// tell posts an answer on the change, by the hand of the first of the rules that has one and whose team may comment there.
func (d *Decider) tell(active Active, s *subject, by []*rules.Rule, key, text string, now time.Time, v *store.Verdict) error {
	c, author := s.change, s.change.Message.Author
	for _, rule := range by {
		_, hand := ledger.New(v).For(rule, d.Shadow)
		if hand == nil {
			continue
		}
		team, ok := active.Set.Team(rule.Team)
		if !ok || team.MayDo(c.Server, c.Change.Project, c.Change.Branch, deliver.KindComment) != nil {
			continue
		}
		answer, err := deliver.Answer(store.Action{
			EventID: s.ID, Team: rule.Team, Rule: rule.Name, Key: key, Lane: fmt.Sprintf("%s~%d", c.Server, c.Change.Number),
			Server: c.Server, Change: c.Change.Number, Project: c.Change.Project, Branch: c.Change.Branch,
			Created: now, Due: d.due(deliver.KindComment, now),
		}, text, author.ID)
		if err != nil {
			return err
		}
		hand.Act(answer)
		return nil
	}
	return nil
}

// quoted is somebody's word as it is answered, on one line and short.
func quoted(word string) string {
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' {
			return -1
		}
		return r
	}, word)
	if runes := []rune(word); len(runes) > 24 {
		word = string(runes[:23]) + "…"
	}
	return `"` + word + `"`
}
