package gerrittest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"verdict/gerrit/gerrittest"
)

// fact is something that holds for the stand-in and for the real server, from a
// version of Gerrit on: the least that it was seen on. Each works on changes and
// projects of its own.
type fact struct {
	name  string
	since string
	run   func(t *testing.T, e *env)
}

// contract is what the stand-in has to keep.
var contract = slices.Concat(
	transportCases, queryCases, pageCases, patchsetCases, fileCases, reviewCases, commentCases, notifyCases,
	reviewerCases, attentionCases, hashtagCases, lifecycleCases, conflictCases, accountCases, projectCases, streamCases, pollCases,
)

func TestContractOfTheFake(t *testing.T) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, _ := newFake(t, gerrittest.Config{LoseHashtags: true})
			c.run(t, e)
		})
	}
}

func TestContractOfTheRealServer(t *testing.T) {
	e := newReal(t)
	version, err := e.bot.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			if minor(t, version) < minor(t, c.since) {
				t.Skipf("Gerrit %s; this is so since %s", version, c.since)
			}
			c.run(t, e)
		})
	}
}

// TestEachFactIsInTheContract finds the facts by their declarations, since a
// list that isn't in the contract would pass unseen.
func TestEachFactIsInTheContract(t *testing.T) {
	names, err := filepath.Glob("contract_*_test.go")
	must(t, err)
	declared := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(t, err)
		declared += len(factLine.FindAll(text, -1))
	}
	if declared != len(contract) {
		t.Errorf("%d facts are declared, %d are in the contract", declared, len(contract))
	}
}

var factLine = regexp.MustCompile(`(?m)^\t\{"\w+", "3\.\d+", \w+\},$`)

func TestEachFactHasANameAndAVersion(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range contract {
		if seen[c.name] || c.since == "" {
			t.Errorf("%q since %q: twice, or without a version", c.name, c.since)
		}
		seen[c.name] = true
	}
	if len(contract) < 120 {
		t.Errorf("there are %d facts", len(contract))
	}
}

// minor is 13 of 3.13.5.
func minor(t *testing.T, version string) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(version, "3.%d", &n); err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	return n
}
