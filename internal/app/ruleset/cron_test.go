package ruleset

import (
	"strings"
	"testing"
	"time"

	"verdict/internal/decide"
)

// Whoever changes what a rule looks for, or when, doesn't have it done at once for the hours before.
func TestARuleOnCronBeginsAnewWithAnotherQueryOrTime(t *testing.T) {
	p := newPlace(t)
	began := time.Date(2026, 1, 5, 6, 0, 0, 0, time.UTC)
	at := began
	l := p.loader()
	l.Begin = func(time.Time) time.Time { return at }
	const on = "{cron: '0 6 * * *', query: 'status:open'}"
	begin := func(on string) time.Time {
		t.Helper()
		p.write("rules/audio/ci.yaml", "rules:\n  - name: ask\n    on: "+on+"\n    do:\n      - comment: Still wanted?\n")
		a := p.load(l)
		r := a.Set.Rule("audio", "ask")
		if r == nil {
			t.Fatalf("%s: no rule: %v", on, a.Broken)
		}
		return a.Begins[decide.BeginOf(r, r.On[0], "")]
	}
	if got := begin(on); !got.Equal(began) {
		t.Errorf("it begins at %s, want %s", got, began)
	}
	at = began.Add(time.Hour)
	for replace, by := range map[string]string{"status:open": "status:abandoned", "0 6": "0 5", "query:": "zone: Europe/Berlin, query:"} {
		if got := begin(strings.Replace(on, replace, by, 1)); !got.Equal(at) {
			t.Errorf("with %s for %s it begins at %s, want %s", by, replace, got, at)
		}
	}
	for replace, by := range map[string]string{"": "", "'status:open'": "'  status:open '", "}": ", zone: UTC, atMost: 5}"} {
		if got := begin(strings.Replace(on, replace, by, 1)); !got.Equal(began) {
			t.Errorf("with %s for %s it begins at %s, want %s as before", by, replace, got, began)
		}
	}
}

func TestWhatOnlyACalendarKnowsIsToldWhenRulesAreLoaded(t *testing.T) {
	p := newPlace(t)
	for on, want := range map[string]string{
		"{cron: '0 6 30 2 *', query: 'status:open'}":                    "3:16 error: cron \"0 6 30 2 *\": no such date ever comes",
		"{cron: '0 6 * * *', zone: Europe/Berln, query: 'status:open'}": "3:35 error: \"Europe/Berln\" is no time zone",
	} {
		p.write("rules/audio/ci.yaml", "rules:\n  - name: ask\n    on: "+on+"\n    do:\n      - comment: Still wanted?\n")
		a := p.load(p.loader())
		if got := strings.Join(a.Broken["audio"], "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: it says %q, want %q", on, got, want)
		}
	}
}
