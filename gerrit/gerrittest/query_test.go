package gerrittest

import (
	"strings"
	"testing"
)

func FuzzParseQuery(f *testing.F) {
	for _, q := range []string{
		`(project:demo OR project:"infra/tools/demo") after:"2026-11-22 22:45:47 +0000"`, "status:open -is:wip limit:3", "NOT (a OR b) AND c",
		`label:Verified-1,user=ci-bot`, "age:60d", `"a\"b"`, "{a b}", "((((", "-", "a:", "OR", "project:^x(", "change:demo~1 topic:\"\"",
	} {
		f.Add(q)
	}
	s := NewServer(Config{})
	f.Cleanup(s.Close)
	s.Push(Push{Project: "demo", Subject: "A change"})
	s.Vote(1, "ci-bot", "Verified", 1)
	f.Fuzz(func(t *testing.T, q string) {
		found, err := s.search(q, s.accounts[0])
		if err != nil && found != nil {
			t.Error("found something, and an error")
		}
		negated, negErr := s.search("-("+q+")", s.accounts[0])
		if err == nil && negErr == nil && !strings.Contains(q, "limit") && len(found)+len(negated) != 1 {
			t.Errorf("%q finds %d, its negation %d", q, len(found), len(negated))
		}
	})
}

func TestDeepQueriesAreRefused(t *testing.T) {
	for _, mark := range []string{"(", "-", "-("} {
		if _, err := parseQuery(strings.Repeat(mark, 100000) + "a"); err == nil {
			t.Errorf("100 000 times %q is taken", mark)
		}
	}
}

func FuzzSegments(f *testing.F) {
	f.Add("changes/infra%2Ftools%2Fdemo~1/revisions/current/review")
	f.Add("%zz//+")
	f.Fuzz(func(t *testing.T, path string) {
		if len(segments(path)) == 0 {
			t.Error("no segments")
		}
	})
}
