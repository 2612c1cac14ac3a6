package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // rules and config.yaml name zones, and a small machine may have none

	"github.com/robfig/cron/v3"
)

// Expression is a cron expression that is known to fire: five fields (minute, hour, day of month, month, day
// of week), or @every with whole seconds, or @hourly and the like.
type Expression struct {
	text  string
	zone  *time.Location
	inner cron.Schedule
}

// A leap year begins here, so that the 29th of February is found.
var probe = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// Parse reads an expression; its fields mean times in zone, UTC when nil. What the library would take and then
// panic on, never fire, or fire at another pace than written is refused.
func Parse(text string, zone *time.Location) (Expression, error) {
	if zone == nil {
		zone = time.UTC
	}
	e := Expression{text: strings.TrimSpace(text), zone: zone}
	if err := refuse(e.text); err != nil {
		return Expression{}, fmt.Errorf("cron %q: %w", text, err)
	}
	inner, err := cron.ParseStandard(e.text)
	if err != nil {
		return Expression{}, fmt.Errorf("cron %q: %w", text, err)
	}
	if spec, ok := inner.(*cron.SpecSchedule); ok && spec.Location == time.Local {
		spec.Location = zone // ParseStandard's default; TZ=… in the text has set another
	}
	e.inner = inner
	if e.Next(probe).IsZero() {
		return Expression{}, fmt.Errorf("cron %q: no such date ever comes", text)
	}
	return e, nil
}

// Check says what is wrong with an expression and the name of a time zone, and which of them it is about: cron or zone.
func Check(text, zone string) (about string, err error) {
	at, err := Zone(zone)
	if err != nil {
		return "zone", fmt.Errorf("%w; write UTC or one like Europe/Berlin", err)
	}
	_, err = Parse(text, at)
	return "cron", err
}

// zoneForm is that of all names of the time zone database. time.LoadLocation opens other paths too, which are zones on one
// machine and not on the next: Europe//Berlin, posix/Europe/Berlin.
var zoneForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$`)

// Zone is the time zone of a name that means the same on each machine.
func Zone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || !zoneForm.MatchString(name) {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	return zone, nil
}

// refuse tells what cron.ParseStandard takes though it shouldn't.
func refuse(text string) error {
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return errors.New("a time zone does not belong into the expression; write it as zone: Europe/Berlin beside it")
	}
	every, ok := strings.CutPrefix(text, "@every ")
	if !ok {
		return nil
	}
	d, err := time.ParseDuration(strings.TrimSpace(every))
	if err != nil {
		return fmt.Errorf("%w; write it as in @every 30s", err)
	}
	if d < time.Second || d%time.Second != 0 {
		return errors.New("@every takes whole seconds, 1s or more")
	}
	return nil
}

// Next is the first firing after t, in the expression's zone.
func (e Expression) Next(t time.Time) time.Time { return e.inner.Next(t.In(e.zone)) }

// Latest is the last firing after since and not after now, zero when there is none. A long absence costs no more
// than a short one: only the last of it is walked through.
func (e Expression) Latest(since, now time.Time) time.Time {
	for back := time.Hour; now.Add(-back).After(since); back *= 8 {
		if at := e.walk(now.Add(-back), now); !at.IsZero() {
			return at
		}
	}
	return e.walk(since, now)
}

func (e Expression) walk(since, now time.Time) time.Time {
	var last time.Time
	for at := e.Next(since); !at.IsZero() && !at.After(now); at = e.Next(at) {
		last = at
	}
	return last
}

// String is the expression as it was written.
func (e Expression) String() string { return e.text }

// Warning says what is odd about the expression, empty when nothing is: in a zone with daylight saving a time
// at night may be skipped once a year, and come twice once a year.
func (e Expression) Warning() string {
	if _, fixed := e.inner.(cron.ConstantDelaySchedule); fixed || e.inner == nil {
		return ""
	}
	_, winter := probe.In(e.zone).Zone()
	for month := range 12 {
		if _, offset := probe.AddDate(0, month, 0).In(e.zone).Zone(); offset != winter {
			return fmt.Sprintf("%s has daylight saving: a time at night may be skipped once a year and come twice once a year; UTC has none", e.zone)
		}
	}
	return ""
}
