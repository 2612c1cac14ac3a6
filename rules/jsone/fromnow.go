package jsone

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const day = 24 * 60 * 60

// units of a distance in time, in the order in which they may stand, in seconds. A month is always 30 days and a
// year 365.
var units = []struct {
	names   []string
	seconds int64
}{
	{[]string{"years", "year", "yr", "y"}, 365 * day},
	{[]string{"months", "month", "mo"}, 30 * day},
	{[]string{"weeks", "week", "wk", "w"}, 7 * day},
	{[]string{"days", "day", "d"}, day},
	{[]string{"hours", "hour", "h"}, 60 * 60},
	{[]string{"minutes", "minute", "min", "m"}, 60},
	{[]string{"seconds", "second", "sec", "s"}, 1},
}

// maxSeconds keeps a distance within the years that a timestamp can name.
const maxSeconds = 10_000 * 365 * day

// distance reads `2 days 3 hours` or `-1h`, in seconds; nothing is 0.
func distance(s string) (int64, error) {
	bad := templateError("'%s' is no distance in time; it is written like '2 days 3 hours' or '-90 min'", s)
	rest := strings.TrimSpace(s)
	sign := int64(1)
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = strings.TrimSpace(rest[1:])
		if rest == "" {
			return 0, bad
		}
	}
	var total int64
	unit := 0
	for rest != "" {
		digits := spanEnd(rest, 0, isDigit)
		count, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, bad
		}
		rest = strings.TrimLeft(rest[digits:], " \t\r\n")
		word := rest[:spanEnd(rest, 0, isLetter)]
		for unit < len(units) && !slices.Contains(units[unit].names, word) {
			unit++
		}
		if unit == len(units) || count > maxSeconds/units[unit].seconds {
			return 0, bad
		}
		total += count * units[unit].seconds
		unit++
		rest = strings.TrimLeft(rest[len(word):], " \t\r\n")
	}
	return sign * total, nil
}

// later is a time moved by a distance, as a timestamp.
func later(from time.Time, seconds int64) (string, error) {
	t := time.Unix(from.Unix()+seconds, int64(from.Nanosecond())).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return "", templateError("a time in the year %d", t.Year())
	}
	return timestamp(t), nil
}

// instant reads the time that a distance counts from.
func instant(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// fromNow is fromNow(distance) or fromNow(distance, from).
func fromNow(r *run, s *scope, arguments []any) (any, error) {
	if len(arguments) == 0 || len(arguments) > 2 {
		return nil, invalidArguments("fromNow")
	}
	by, ok := arguments[0].(string)
	if !ok {
		return nil, invalidArguments("fromNow")
	}
	if len(arguments) == 1 {
		now, _ := r.lookup(s, "now")
		arguments = append(arguments, now)
	}
	from, ok := instant(arguments[1])
	if !ok {
		return nil, invalidArguments("fromNow")
	}
	seconds, err := distance(by)
	if err != nil {
		return nil, err
	}
	return later(from, seconds)
}

// fromNow is $fromNow: a timestamp at a distance from `from`, or else from now.
func (c *compiler) fromNow(o map[string]any) node {
	if !c.only(o, "$fromNow", func(key string) bool { return key == "from" }) {
		return constant{}
	}
	n := fromNowNode{by: c.at(inOperator("$fromNow"), o["$fromNow"])}
	if from, ok := o["from"]; ok {
		n.from = c.at(inOperator("from"), from)
	}
	switch by := n.by.(type) {
	case constant:
		if _, err := by.distance(); err != nil {
			return c.problem(TemplateError, "%s", err.(*Error).Message)
		}
	case listNode, objectNode:
		return c.problem(TemplateError, "$fromNow expects a string")
	}
	return n
}

type fromNowNode struct{ by, from node }

func (n fromNowNode) render(r *run, s *scope) (any, error) {
	by, err := operand(r, s, n.by, "$fromNow")
	if err != nil {
		return nil, err
	}
	if r.foresight != nil {
		return nil, errUnknown // all times come from the context's now
	}
	seconds, err := constant{by}.distance()
	if err != nil {
		return nil, err
	}
	var from any
	if n.from == nil {
		from, _ = r.lookup(s, "now")
	} else if from, err = operand(r, s, n.from, "from"); err != nil {
		return nil, err
	}
	t, ok := instant(from)
	if !ok {
		return nil, templateError("$fromNow counts from a timestamp, such as 2026-01-31T12:00:00Z")
	}
	moved, err := later(t, seconds)
	return moved, err
}

func (n constant) distance() (int64, error) {
	s, ok := n.value.(string)
	if !ok {
		return 0, templateError("$fromNow expects a string")
	}
	return distance(s)
}
