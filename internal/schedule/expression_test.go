package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseRefusesWhatWouldPanicOrNeverFire(t *testing.T) {
	for text, want := range map[string]string{
		"TZ=UTC":              "zone:",
		"CRON_TZ=Asia/Tokyo ": "zone:",
		"TZ=UTC 0 6 * * *":    "zone:",
		"0 0 30 2 *":          "no such date",
		"0 0 31 4,6 *":        "no such date",
		"@every 10ms":         "whole seconds",
		"@every -5s":          "whole seconds",
		"@every 1500ms":       "whole seconds",
		"@every soon":         "@every 30s",
		"":                    "cron",
		"* * * *":             "cron",
		"61 * * * *":          "cron",
		"@reboot":             "cron",
	} {
		_, err := Parse(text, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, want an error with %q", text, err, want)
		}
	}
}

func TestNextIsInUTCUnlessAZoneIsGiven(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	from := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		zone *time.Location
		want time.Time
	}{
		{"0 6 * * 1-5", nil, from.Add(6 * time.Hour)},
		{"0 6 * * 1-5", berlin, from.Add(5 * time.Hour)},
		{"@every 30s", nil, from.Add(30 * time.Second)},
		{"0 0 29 2 *", nil, time.Date(2028, time.February, 29, 0, 0, 0, 0, time.UTC)},
	} {
		e, err := Parse(c.text, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Next(from); !got.Equal(c.want) {
			t.Errorf("%q: next is %s, want %s", c.text, got, c.want)
		}
	}
}

func TestWarningNamesDaylightSaving(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		text string
		zone *time.Location
		want bool
	}{{"0 2 * * *", berlin, true}, {"0 2 * * *", nil, false}, {"@every 1h", berlin, false}} {
		e, err := Parse(c.text, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Warning() != ""; got != c.want {
			t.Errorf("%q in %v: warning %q", c.text, c.zone, e.Warning())
		}
	}
}

func TestLatestFindsTheLastFiringOfALongAbsence(t *testing.T) {
	e, err := Parse("0 6 * * *", nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 3, 5, 0, 0, 0, time.UTC)
	if got, want := e.Latest(now.AddDate(-2, 0, 0), now), now.Add(-23*time.Hour); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := e.Latest(now.Add(-time.Hour), now); !got.IsZero() {
		t.Errorf("got %s, though nothing was missed", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"0 6 * * 1-5", "@every 30s", "TZ=UTC", "0 0 30 2 *", "*/5 1-3,7 ? * MON", "@daily"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, nil)
		if err != nil {
			return
		}
		first := e.Next(probe)
		if !first.After(probe) || !e.Next(first).After(first) {
			t.Errorf("%q fires at %s, then at %s", text, first, e.Next(first))
		}
	})
}

func TestCheckSaysWhetherItIsTheZone(t *testing.T) {
	for _, c := range []struct{ cron, zone, about string }{
		{"0 6 * * *", "UTC", ""}, {"0 6 * * 1-5", "Europe/Berlin", ""}, {"@daily", "UTC", ""}, {"? ? 1,15 JAN-MAR SUN", "UTC", ""},
		{"0 6 * * *", "Europe/Berln", "zone"}, {"0 6 * * *", "Local", "zone"}, {"0 6 * * *", "", "zone"},
		{"0 6 * * *", "Europe//Berlin", "zone"}, {"0 6 * * *", "./UTC", "zone"}, {"0 6 * * *", "/UTC", "zone"}, {"0 6 * * *", "Etc/../UTC", "zone"},
		{"0 6 * * *", "posix/Europe/Berlin", "zone"}, {"0 6 * * *", "America/Argentina/Buenos_Aires", ""}, {"0 6 * * *", "Etc/GMT+5", ""},
		{"0 0 30 2 *", "UTC", "cron"},
	} {
		about, err := Check(c.cron, c.zone)
		if (err != nil) != (c.about != "") || err != nil && about != c.about {
			t.Errorf("%q in %q: got %s, %v, want an error about %q", c.cron, c.zone, about, err, c.about)
		}
	}
}
