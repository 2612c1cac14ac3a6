package report

import (
	"strings"
	"testing"
)

func read(lines ...string) (*Report, string) {
	var out strings.Builder
	r := &Report{Out: &out}
	for _, l := range lines {
		r.Add([]byte(l))
	}
	r.Close()
	return r, out.String()
}

func TestReportCountsEachTestOnce(t *testing.T) {
	r, out := read(
		`{"Action":"start","Package":"v/a"}`,
		`{"Action":"run","Package":"v/a","Test":"TestOne"}`,
		`{"Action":"output","Package":"v/a","Test":"TestOne","Output":"chatter\n"}`,
		`{"Action":"pass","Package":"v/a","Test":"TestOne"}`,
		`{"Action":"run","Package":"v/a","Test":"TestTwo"}`,
		`{"Action":"output","Package":"v/a","Test":"TestTwo","Output":"=== RUN   TestTwo\n"}`,
		`{"Action":"output","Package":"v/a","Test":"TestTwo","Output":"    a_test.go:7: no broker\n"}`,
		`{"Action":"skip","Package":"v/a","Test":"TestTwo"}`,
		`{"Action":"pass","Package":"v/a","Elapsed":1.5}`)
	if r.Passed != 1 || len(r.Failed) != 0 || len(r.Skipped) != 1 {
		t.Errorf("passed %d, failed %v, skipped %v; want 1, none, TestTwo", r.Passed, r.Failed, r.Skipped)
	}
	if got, want := r.Skipped[0], (Named{"v/a", "TestTwo", "no broker"}); got != want {
		t.Errorf("skipped %+v, want %+v", got, want)
	}
	if strings.Contains(out, "chatter") || !strings.Contains(out, "ok    v/a") {
		t.Errorf("printed %q, want a line for the package and nothing of its tests", out)
	}
}

func TestReportPrintsFailuresInFull(t *testing.T) {
	r, out := read(
		`{"Action":"run","Package":"v/a","Test":"TestGood"}`,
		`{"Action":"run","Package":"v/a","Test":"TestBad"}`,
		`{"Action":"output","Package":"v/a","Test":"TestGood","Output":"quiet\n"}`,
		`{"Action":"output","Package":"v/a","Test":"TestBad","Output":"    a_test.go:9: got 1, want 2\n"}`,
		`{"Action":"pass","Package":"v/a","Test":"TestGood"}`,
		`{"Action":"fail","Package":"v/a","Test":"TestBad"}`,
		`{"Action":"fail","Package":"v/a","Elapsed":0.1}`)
	if len(r.Failed) != 1 || r.Failed[0].Test != "TestBad" {
		t.Errorf("failed %v, want TestBad", r.Failed)
	}
	if !strings.Contains(out, "a_test.go:9: got 1, want 2") || strings.Contains(out, "quiet") {
		t.Errorf("printed %q, want what TestBad said and nothing else", out)
	}
}

func TestReportCountsAFailureThatIsNoTest(t *testing.T) {
	for name, lines := range map[string][]string{
		"a build": {
			`{"ImportPath":"v/a","Action":"build-output","Output":"a.go:3:1: undefined: x\n"}`,
			`{"ImportPath":"v/a","Action":"build-fail"}`,
			`{"Action":"fail","Package":"v/a","FailedBuild":"v/a"}`,
		},
		"an exit outside of tests": {
			`{"Action":"output","Package":"v/a","Output":"undefined: x\n"}`,
			`{"Action":"fail","Package":"v/a"}`,
		},
		"a test that never ended": {
			`{"Action":"run","Package":"v/a","Test":"TestHangs"}`,
			`{"Action":"output","Package":"v/a","Test":"TestHangs","Output":"undefined: x\n"}`,
			`{"Action":"fail","Package":"v/a"}`,
		},
		"a stream that breaks off": {
			`{"Action":"run","Package":"v/a","Test":"TestCut"}`,
			`{"Action":"output","Package":"v/a","Test":"TestCut","Output":"undefined: x\n"}`,
		},
	} {
		r, out := read(lines...)
		if len(r.Failed) != 1 || !strings.Contains(out, "undefined: x") {
			t.Errorf("%s: failed %v, printed %q; want one failure and its output", name, r.Failed, out)
		}
	}
}

func FuzzAddTakesAnyLine(f *testing.F) {
	f.Add([]byte(`{"Action":"fail","Package":"v/a","Test":"T"}`))
	f.Add([]byte(`{"Action":"output","ImportPath":"v/a","Output":"x"}`))
	f.Add([]byte(`not json`))
	f.Fuzz(func(t *testing.T, line []byte) {
		read(string(line), `{"Action":"fail","Package":"v/a"}`)
	})
}
