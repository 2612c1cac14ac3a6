package taskcluster

import (
	"fmt"
	"time"
)

// Time is a time as Taskcluster writes it: RFC 3339 in UTC, with milliseconds
// and a Z. What is finer than a millisecond is cut off.
type Time time.Time

const timeLayout = "2006-01-02T15:04:05.000Z"

// String is the time as Taskcluster writes it, e.g. 2015-10-27T20:36:19.255Z.
func (t Time) String() string {
	return time.Time(t).UTC().Format(timeLayout)
}

// MarshalJSON is String between quotes.
func (t Time) MarshalJSON() ([]byte, error) {
	if y := time.Time(t).UTC().Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("write time: year %d is outside 0 to 9999", y)
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON reads any RFC 3339 time: some messages carry +00:00 for Z.
func (t *Time) UnmarshalJSON(data []byte) error {
	return (*time.Time)(t).UnmarshalJSON(data)
}
