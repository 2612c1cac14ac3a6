package deliver

import (
	"slices"
	"testing"
)

func TestPostedReadsWhatAMarkerSays(t *testing.T) {
	const other = "zzzzzzzzzzabcdefghjkmnpqrs"
	web := Marker{Instance: "prod", DashboardURL: "https://verdict.example.org/"}
	for message, want := range map[string][]string{
		web.Compose([]string{"a text"}, []string{someID, other}):      {"prod", "7f3k2m9q4x", "zzzzzzzzzz"},
		"Patch Set 1: Verified-1\n\n" + marker.Line([]string{someID}): {"prod", "7f3k2m9q4x"},
		"text\nVerdict prod/7f3k2m9q4x \n\n":                          {"prod", "7f3k2m9q4x"},
		"Verdict prod/7f3k2m9q4x\nsays the log":                       {""},
		"Verdict prod":                                                {""},
		"Verdict /7f3k2m9q4x":                                         {""},
		"Verdict pass/fail":                                           {""},
		"":                                                            {""},
		"text\nVerdict prod/7f3k2m9q4x other/7f3k2m9q4x staging/abcdefg": {"prod", "7f3k2m9q4x"},
	} {
		instance, actions := Posted(message)
		if got := append([]string{instance}, actions...); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
