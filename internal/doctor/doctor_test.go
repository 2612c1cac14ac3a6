package doctor

import (
	"slices"
	"testing"
)

// told looks whether each finding says what to do.
func told(t *testing.T, r Report) {
	t.Helper()
	for _, c := range r {
		if c.Level == Missing && c.Remedy == "" {
			t.Errorf("%s %s %q: nothing is said of what to do", c.Service, c.About, c.Text)
		}
		if c.Service == "" || c.About == "" || c.Text == "" {
			t.Errorf("a check says nothing: %+v", c)
		}
	}
}

func index(r Report, about string) int {
	return slices.IndexFunc(r, func(c Check) bool { return c.About == about })
}

func TestOnlyWhatIsMissingIsAFinding(t *testing.T) {
	f := &findings{service: "gerrit:main"}
	f.fine("a", "%d", 1)
	f.note("b", "text", "remedy")
	f.missing("c", "text", "remedy")
	f.missing("c", "text", "remedy") // of another team
	f.missing("c", "other text", "remedy")
	if n := f.report.Findings(); n != 2 || len(f.report) != 4 {
		t.Errorf("%d findings in %+v", n, f.report)
	}
}
