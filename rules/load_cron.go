package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"verdict/rules/yamlfile"
)

const (
	// defaultAtMost is how many changes a tick's query may find for a rule where it doesn't say, and mostAtMost how many
	// it may say.
	defaultAtMost, mostAtMost = 100, 1000
	defaultZone               = "UTC"
)

// cronKeys are the keys of `on` beside cron, cronPlaces those that say something of what its query finds.
var (
	cronKeys   = []string{"query", "atMost", "zone"}
	cronPlaces = []string{"server", "project", "branch", "files", "atMost"}
)

// cron reads a trigger on the clock, all but where its query looks.
func (r *ruleLoader) cron(n *yamlfile.Node, form onForm, t *Trigger) bool {
	before := len(r.diagnostics)
	t.Tick = Tick{Zone: defaultZone}
	if form.Zone != nil {
		if t.Tick.Zone = form.Zone.Text; form.Zone.Kind != yamlfile.String || t.Tick.Zone == "" {
			r.refuse(form.Zone, "a time zone is wanted here", "UTC, or one like Europe/Berlin")
		}
	}
	r.expression(form, t)
	if form.Query != nil {
		r.query(form.Query, t)
	}
	t.AtMost = defaultAtMost
	if form.AtMost != nil {
		most, err := strconv.Atoi(form.AtMost.Text)
		if t.AtMost = most; err != nil || form.AtMost.Kind != yamlfile.Int || most < 1 || most > mostAtMost {
			r.refuse(form.AtMost, fmt.Sprintf("atMost is a number from 1 to %d", mostAtMost), "")
		}
	}
	if form.Query == nil {
		for _, word := range cronPlaces {
			if k := n.Key(word); k != nil {
				r.refuse(k, word+" says something of the changes that a query finds, and there is no query", "")
			}
		}
	}
	return len(r.diagnostics) == before
}

// expression reads when the clock ticks. What a form can't tell (a zone that isn't there, a date that never comes) is
// told by whoever knows the calendar.
func (r *ruleLoader) expression(form onForm, t *Trigger) {
	n := form.Cron
	if n.Kind != yamlfile.String {
		r.refuse(n, "five fields are wanted here: minute, hour, day, month and day of the week", "write them in quotes: '0 6 * * 1-5'")
		return
	}
	if bad := refuseCron(n.Text); bad != nil {
		r.refuseIn(n, *bad)
		return
	}
	t.Tick.Cron = strings.ToUpper(strings.Join(strings.Fields(n.Text), " "))
	if strings.HasPrefix(t.Tick.Cron, "@") {
		t.Tick.Cron = strings.ToLower(t.Tick.Cron)
	}
	if r.in.Cron == nil {
		return
	}
	if about, err := r.in.Cron(t.Tick.Cron, t.Tick.Zone); err != nil {
		at := n
		if about == "zone" && form.Zone != nil {
			at = form.Zone
		}
		r.refuse(at, err.Error(), "")
	}
}

// query reads what is looked for. Its form is checked, since what is beside it when it is asked must not change what it
// means; whether there are such operators, only the server knows.
func (r *ruleLoader) query(n *yamlfile.Node, t *Trigger) {
	text := strings.Join(strings.Fields(n.Text), " ")
	if n.Kind != yamlfile.String || text == "" {
		r.refuse(n, "a query is wanted here, as in Gerrit's search box", "query: 'status:open age:60d'")
		return
	}
	if bad := unbalanced(n.Text); bad != nil {
		r.refuseIn(n, *bad)
	}
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(strings.ToLower(word), "limit:") {
			r.refuse(n, "a query of a rule has no limit:", "write atMost: beside it")
		}
	}
	t.Tick.Query = text
}

// unbalanced finds what would end a query before its end: parentheses, quotes and braces, which are Gerrit's other
// quotes.
func unbalanced(text string) *finding {
	var open []int
	quote, began := rune(0), 0
	for at, c := range []rune(text) {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"':
			quote, began = '"', at
		case c == '{':
			quote, began = '}', at
		case c == '(':
			open = append(open, at)
		case c == ')' && len(open) == 0:
			return &finding{offset: at, length: 1, message: "nothing was opened that ) could close"}
		case c == ')':
			open = open[:len(open)-1]
		}
	}
	if quote != 0 {
		return &finding{offset: began, length: 1, message: "what is quoted here doesn't end"}
	}
	if len(open) > 0 {
		return &finding{offset: open[len(open)-1], length: 1, message: "( isn't closed"}
	}
	return nil
}

// beyond refuses a query on projects where nothing is granted to the team.
func (r *ruleLoader) beyond(n *yamlfile.Node, t *Trigger) bool {
	if !t.finds() || n == nil || r.team.unlimited {
		return true
	}
	for _, p := range t.projects {
		if p.negate {
			continue
		}
		granted := slices.ContainsFunc(r.team.Gerrit, func(g Grant) bool { return g.covers(t.Server, p, pattern{}) })
		if !granted {
			var have []string
			for i := range r.team.Gerrit {
				have = append(have, r.team.Gerrit[i].where())
			}
			r.refuse(n, fmt.Sprintf("%s is beyond %s' grant (%s), %s:%d", place(t.Server, p.text, ""), r.team.Name, listed(have), r.team.file, r.team.Line),
				"a query finds nothing there")
			return false
		}
	}
	return true
}
