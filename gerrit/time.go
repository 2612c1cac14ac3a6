package gerrit

import (
	"fmt"
	"strings"
	"time"
)

// TimeStamp is a time as Gerrit writes it: UTC, in whole seconds though with
// nine zeros. The zero value is written as null.
type TimeStamp time.Time

const timeStampLayout = "2006-01-02 15:04:05.000000000"

// Time gives the time.
func (ts TimeStamp) Time() time.Time { return time.Time(ts) }

// Equal tells whether two times are the same instant.
func (ts TimeStamp) Equal(v TimeStamp) bool { return ts.Time().Equal(v.Time()) }

// MarshalJSON writes the time as Gerrit does.
func (ts TimeStamp) MarshalJSON() ([]byte, error) {
	if ts.Time().IsZero() {
		return []byte("null"), nil
	}
	return []byte(ts.Time().UTC().Format(`"` + timeStampLayout + `"`)), nil
}

// UnmarshalJSON reads a time as Gerrit writes it.
func (ts *TimeStamp) UnmarshalJSON(p []byte) error {
	if t, ok := usualTime(p); ok {
		*ts = TimeStamp(t)
		return nil
	}
	text := string(p)
	if text == "null" {
		*ts = TimeStamp{}
		return nil
	}
	text = strings.Trim(text, `"`)
	t, err := time.Parse("2006-01-02 15:04:05", text) // takes fractions, too
	if err != nil {
		return fmt.Errorf("%q is not a time of Gerrit's", text)
	}
	*ts = TimeStamp(t)
	return nil
}

// usualTime reads a time that is written exactly as Gerrit does. An answer has
// thousands of them, and time.Parse takes a good part of the time that all of
// it takes.
func usualTime(p []byte) (t time.Time, ok bool) {
	if len(p) != len(timeStampLayout)+2 {
		return t, false
	}
	for i, form := range []byte(`"0000-00-00 00:00:00.000000000"`) {
		if form == '0' && (p[i] < '0' || p[i] > '9') || form != '0' && p[i] != form {
			return t, false
		}
	}
	number := func(from, to int) (n int) {
		for _, digit := range p[from:to] {
			n = n*10 + int(digit-'0')
		}
		return n
	}
	month, day, hour, minute, second := number(6, 8), number(9, 11), number(12, 14), number(15, 17), number(18, 20)
	t = time.Date(number(1, 5), time.Month(month), day, hour, minute, second, number(21, 30), time.UTC)
	// What isn't a date or a time of day became another one.
	return t, int(t.Month()) == month && t.Day() == day && hour < 24 && minute < 60 && second < 60
}
