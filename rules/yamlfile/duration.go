package yamlfile

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var durationPart = regexp.MustCompile(`^(\d+)\s*([a-z]+)\s*`)

const day = 24 * time.Hour

var durationUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": day, "day": day, "days": day,
	"w": 7 * day, "wk": 7 * day, "week": 7 * day, "weeks": 7 * day,
}

var errDuration = errors.New("a duration is written like 90s, 24h or 30 days")

// ParseDuration reads a duration as Go writes it (90s, 1h30m) or as JSON-e does (30 days, 2 hours 5 minutes).
// m is minutes; months and years have no fixed length and are refused. It is never negative.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "0" {
		return 0, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		if d < 0 {
			return 0, fmt.Errorf("%q is negative", text)
		}
		return d, nil
	}
	if text == "" {
		return 0, errDuration
	}
	var sum time.Duration
	for rest := text; rest != ""; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q: %w", text, errDuration)
		}
		rest = rest[len(m[0]):]
		unit, ok := durationUnits[m[2]]
		if !ok {
			return 0, unknownUnit(text, m[2])
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > (math.MaxInt64-int64(sum))/int64(unit) {
			return 0, fmt.Errorf("%q is too long", text)
		}
		sum += time.Duration(n) * unit
	}
	return sum, nil
}

func unknownUnit(text, unit string) error {
	switch unit {
	case "mo", "month", "months", "y", "yr", "year", "years":
		return fmt.Errorf("%q: a %s has no fixed length, write days", text, strings.TrimSuffix(unit, "s"))
	}
	return fmt.Errorf("%q: no unit %q: %w", text, unit, errDuration)
}
