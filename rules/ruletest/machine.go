package ruletest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"verdict/rules"
)

// View is a report for programs. Lists are never null.
type View struct {
	Tests    []TestView   `json:"tests"`
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Coverage CoverageView `json:"coverage"`
}

// TestView is one test.
type TestView struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Name     string        `json:"name"`
	Passed   bool          `json:"passed"`
	Seconds  float64       `json:"seconds"`
	Findings []FindingView `json:"findings"`
}

// FindingView is something that isn't as expected.
type FindingView struct {
	Line int      `json:"line"`
	What string   `json:"what"`
	Want []string `json:"want,omitempty"`
	Got  []string `json:"got,omitempty"`
	// Decisions are those that it is about, explained.
	Decisions []DecisionView `json:"decisions,omitempty"`
}

// DecisionView is what a rule decided.
type DecisionView struct {
	Rule        string         `json:"rule"`
	Explanation rules.Decision `json:"explanation"`
}

// CoverageView is which parts of rules the tests reached.
type CoverageView struct {
	Parts   int       `json:"parts"`
	Covered int       `json:"covered"`
	Gaps    []GapView `json:"gaps"`
}

// GapView is a part that no test has shown.
type GapView struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Rule string `json:"rule"` // TEAM/RULE
	What string `json:"what"`
}

// View makes a report fit for JSON.
func (r Report) View() View {
	v := View{Tests: []TestView{}, Failed: r.Failed(), Passed: len(r.Results) - r.Failed()}
	v.Coverage = CoverageView{Parts: r.Coverage.Parts, Covered: r.Coverage.Covered, Gaps: []GapView{}}
	for _, one := range r.Results {
		t := TestView{File: one.File, Line: one.Line, Name: one.Name, Passed: one.Passed(), Seconds: seconds(one.Took), Findings: []FindingView{}}
		for _, f := range one.Findings {
			view := FindingView{Line: f.Line, What: f.What, Want: f.Want, Got: f.Got}
			for _, tree := range f.Trees {
				view.Decisions = append(view.Decisions, DecisionView{tree.Rule, tree.Decision})
			}
			t.Findings = append(t.Findings, view)
		}
		v.Tests = append(v.Tests, t)
	}
	for _, g := range r.Coverage.Gaps {
		v.Coverage.Gaps = append(v.Coverage.Gaps, GapView{g.File, g.Line, g.Team + "/" + g.Rule, g.What})
	}
	return v
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     float64      `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     float64     `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Line      int           `xml:"line,attr"`
	Time      float64       `xml:"time,attr"`
	Failure   *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes a report as JUnit's XML, a suite a file, which CI systems show.
func (r Report) WriteJUnit(out io.Writer) error {
	doc := junitSuites{Tests: len(r.Results), Failures: r.Failed(), Time: seconds(r.Took)}
	for _, one := range r.Results {
		if len(doc.Suites) == 0 || doc.Suites[len(doc.Suites)-1].Name != one.File {
			doc.Suites = append(doc.Suites, junitSuite{Name: one.File})
		}
		suite := &doc.Suites[len(doc.Suites)-1]
		c := junitCase{Name: one.Name, ClassName: strings.TrimSuffix(one.File, Suffix), File: one.File, Line: one.Line, Time: seconds(one.Took)}
		suite.Tests, suite.Time = suite.Tests+1, suite.Time+c.Time
		if !one.Passed() {
			suite.Failures++
			var text strings.Builder
			(&Text{Out: &text}).Result(one)
			c.Failure = &junitFailure{Message: one.Findings[0].What, Text: text.String()}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err := io.WriteString(out, "\n")
	return err
}
