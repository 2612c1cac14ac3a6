package gerrittest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxPage is how many changes a page has at most, whatever is asked for.
const maxPage = 500

// queryChanges answers with a page of changes, the last updated first.
func (s *Server) queryChanges(q *request) answer {
	page, refused := readPage(q)
	if refused != nil {
		return *refused
	}
	texts := q.query["q"]
	if len(texts) == 0 {
		texts = []string{"status:open"}
	}
	var results [][]object
	for _, text := range texts {
		found, err := s.search(text, q.by)
		if err != nil {
			return refuse(http.StatusBadRequest, "%s", err)
		}
		results = append(results, s.changePage(found, page, q.by))
	}
	if len(texts) == 1 {
		return found(results[0])
	}
	return found(results)
}

type page struct {
	size, start int
	fields      fields
}

func readPage(q *request) (p page, refused *answer) {
	p = page{size: maxPage, fields: fields{}}
	no := func(format string, args ...any) (page, *answer) {
		a := refuse(http.StatusBadRequest, format, args...)
		return p, &a
	}
	for name, values := range q.query {
		for _, v := range values {
			switch name {
			case "q", "pp", "trace":
			case "no-limit":
				p.size = 1 << 30
			case "n", "limit", "S", "start":
				n, err := strconv.Atoi(v)
				switch {
				case err != nil:
					return no("%q is not a valid value for \"-%s\"", v, name)
				case n < 0 && (name == "S" || name == "start"):
					return no("'start' parameter cannot be less than zero")
				case name == "S" || name == "start":
					p.start = n
				case n > 0:
					p.size = min(n, p.size)
				}
			case "o":
				if !slices.Contains(knownFields, strings.ToUpper(v)) {
					return no("%q is not a valid value for \"-o\"", v)
				}
				p.fields[strings.ToUpper(v)] = true
			default:
				return no("\"--%s\" is not a valid option", name)
			}
		}
	}
	return p, nil
}

func (s *Server) changePage(found []*change, p page, by *account) []object {
	more := false
	found = found[min(p.start, len(found)):]
	if len(found) > p.size {
		found, more = found[:p.size], true
	}
	infos := []object{}
	for _, c := range found {
		infos = append(infos, s.info(c, by, p.fields))
	}
	if more {
		infos[len(infos)-1]["_more_changes"] = true
	}
	return infos
}

// search gives what matches a query and is visible, the last updated first.
func (s *Server) search(text string, by *account) ([]*change, error) {
	n, err := parseQuery(text)
	if err != nil {
		return nil, err
	}
	m := &matcher{server: s, by: by, now: s.now(), limit: 1 << 30, dates: map[string]time.Time{}}
	if _, err := n.match(func(op, value string) (bool, error) { return true, m.check(op, value) }); err != nil {
		return nil, err
	}
	var matching []*change
	for _, c := range s.changes {
		if !c.visible(by) {
			continue
		}
		ok, err := n.match(func(op, value string) (bool, error) { return m.matches(c, op, value) })
		if err != nil {
			return nil, err
		}
		if ok {
			matching = append(matching, c)
		}
	}
	slices.SortFunc(matching, func(a, b *change) int {
		return cmp.Or(b.updated.Compare(a.updated), cmp.Compare(b.number, a.number))
	})
	return matching[:min(m.limit, len(matching))], nil
}

// matcher knows what the operators of a query mean.
type matcher struct {
	server *Server
	by     *account
	now    time.Time
	limit  int
	dates  map[string]time.Time // read once, not for each change
}

// check says what is wrong with a term, before any change is looked at.
func (m *matcher) check(op, value string) error {
	nothing := &change{owner: &account{}, patchsets: []*patchset{{commit: &commit{}, uploader: &account{}}}}
	_, err := m.matches(nothing, op, value)
	return err
}

func (m *matcher) matches(c *change, op, value string) (bool, error) {
	switch op {
	case "":
		if _, err := strconv.Atoi(value); err == nil {
			return fmt.Sprint(c.number) == value, nil
		}
		return c.id == value || containsFold(c.current().body, value), nil
	case "status", "is":
		return m.is(c, op, value)
	case "after", "since", "mergedafter":
		t, err := m.date(value)
		return !m.timeOf(c, op).Before(t), err
	case "before", "until", "mergedbefore":
		t, err := m.date(value)
		return !m.timeOf(c, op).After(t), err
	case "age":
		d, err := queryAge(value)
		return !c.updated.After(m.now.Add(-d)), err
	case "project", "p":
		return matchesPattern(c.project, value)
	case "projects":
		return strings.HasPrefix(c.project, value), nil
	case "branch":
		return matchesPattern(c.branch, strings.TrimPrefix(value, "refs/heads/"))
	case "ref":
		return matchesPattern("refs/heads/"+c.branch, value)
	case "topic":
		return matchesPattern(c.topic, value)
	case "hashtag":
		return slices.ContainsFunc(c.hashtags, func(tag string) bool { return strings.EqualFold(tag, strings.TrimLeft(value, "#")) }), nil
	case "change":
		if number, err := strconv.Atoi(value); err == nil && value[0] >= '1' && value[0] <= '9' { // a poll asks for many
			return c.number == number, nil
		}
		if !changeTerm.MatchString(value) {
			return false, badQuery("Invalid change format")
		}
		return fmt.Sprint(c.number) == value || c.id == value || fmt.Sprintf("%s~%d", c.project, c.number) == value, nil
	case "owner", "o":
		return c.owner == m.server.account(value, m.by), nil
	case "uploader":
		return c.current().uploader == m.server.account(value, m.by), nil
	case "reviewer", "r":
		return slices.Contains(c.reviewers, m.server.account(value, m.by)), nil
	case "cc":
		return slices.Contains(c.ccs, m.server.account(value, m.by)), nil
	case "attention":
		return c.attends(m.server.account(value, m.by)), nil
	case "subject", "message", "m":
		return containsFold(c.current().body, value), nil
	case "label":
		return m.label(c, value)
	case "limit":
		n, err := strconv.Atoi(value)
		if err != nil {
			return false, badQuery("Invalid limit: %s", value)
		}
		if n < 1 {
			return false, badQuery("limit must be positive: %d", n)
		}
		m.limit = n
		return true, nil
	}
	return false, badQuery("Unsupported operator %s:%s", op, value)
}

func (m *matcher) timeOf(c *change, op string) time.Time {
	if strings.HasPrefix(op, "merged") {
		return c.submitted
	}
	return c.updated
}

func (m *matcher) is(c *change, op, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "open", "new", "pending":
		return c.open(), nil
	case "merged":
		return c.status == statusMerged, nil
	case "abandoned":
		return c.status == statusAbandoned, nil
	case "closed":
		return !c.open(), nil
	}
	if op == "is" {
		switch value {
		case "wip":
			return c.open() && c.wip, nil
		case "private":
			return c.private, nil
		case "owner":
			return c.owner == m.by, nil
		}
	}
	return false, badQuery("Unrecognized value: %s", value)
}

var labelTerm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*?)(=|>=|<=|>|<)?([+-]?\d+)(?:,(?:user=)?(.+))?$`)

// changeTerm is a number, project~number, or a Change-Id or its beginning.
var changeTerm = regexp.MustCompile(`^(\d+|.+~\d+|.+~.+~I[0-9a-fA-F]+|I[0-9a-fA-F]+)$`)

// label takes Name=value and the like, by anybody or by one user.
func (m *matcher) label(c *change, value string) (bool, error) {
	parts := labelTerm.FindStringSubmatch(value)
	if parts == nil {
		return false, badQuery("Invalid label: %s", value)
	}
	want, err := strconv.Atoi(parts[3])
	if err != nil {
		return false, badQuery("Invalid label: %s", value)
	}
	var by *account
	if parts[4] != "" {
		by = m.server.account(parts[4], m.by)
	}
	for _, a := range c.current().approvals {
		if a.label != parts[1] || parts[4] != "" && a.by != by {
			continue
		}
		order := cmp.Compare(a.value, want)
		if order == 0 && parts[2] != ">" && parts[2] != "<" || order > 0 && strings.HasPrefix(parts[2], ">") || order < 0 && strings.HasPrefix(parts[2], "<") {
			return true, nil
		}
	}
	return false, nil
}

// matchesPattern takes a name, or with ^ before it an expression for it.
func matchesPattern(name, pattern string) (bool, error) {
	if !strings.HasPrefix(pattern, "^") {
		return name == pattern, nil
	}
	re, err := regexp.Compile("^(?:" + pattern[1:] + ")$")
	if err != nil {
		return false, badQuery("invalid regular expression: %s", pattern)
	}
	return re.MatchString(name), nil
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func (m *matcher) date(text string) (time.Time, error) {
	if t, ok := m.dates[text]; ok {
		return t, nil
	}
	t, err := queryDate(text)
	if err == nil {
		m.dates[text] = t
	}
	return t, err
}

// queryDate takes a day, with a time, with a zone.
func queryDate(text string) (time.Time, error) {
	for _, layout := range []string{"2006-1-2", "2006-1-2 15:04:05", "2006-1-2 15:04:05 -0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	parts := strings.Split(text, " ")
	if _, err := time.Parse("2006-1-2", parts[0]); err != nil {
		return time.Time{}, badQuery("Invalid date format: %s", parts[0])
	}
	switch len(parts) {
	case 2:
		return time.Time{}, badQuery("Invalid time format: %s", parts[1])
	case 3:
		return time.Time{}, badQuery("Invalid time zone: %s", parts[2])
	}
	return time.Time{}, badQuery("Expected date and optional time: %s", text)
}

var ageUnits = map[string]time.Duration{
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	"mon": 30 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

func queryAge(text string) (time.Duration, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.Atoi(text[:digits])
	unit, ok := ageUnits[strings.TrimSpace(text[digits:])]
	if err != nil || !ok || n > 100000 {
		return 0, badQuery("Error in operator age:%s", text)
	}
	return time.Duration(n) * unit, nil
}
