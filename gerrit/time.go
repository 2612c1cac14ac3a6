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
