// Package report reads what `go test -json` prints while the tests run and
// makes of it what a person wants to see: a line a package, failures in full
// and unmixed, and at the end the counts and what was skipped. Who runs the
// tests, and what else is counted, is its caller's.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of test2json's output, and of the go command's about
// builds (go doc test2json, go help buildjson).
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64
	Output      string
	ImportPath  string // of a build
	FailedBuild string // of a package that couldn't be built
}

// Named is a test that failed, or was skipped and why.
type Named struct{ Package, Test, Reason string }

// Report collects events. The zero value with an Out is ready.
type Report struct {
	Out     io.Writer
	Passed  int
	Failed  []Named
	Skipped []Named

	packages map[string]*packageState
	builds   map[string]*strings.Builder
}

// packageState is a package whose tests are running.
type packageState struct {
	outputs []output        // in order; those of tests that passed are dropped
	running map[string]bool // tests that began and have not ended
	failed  map[string]bool
	passed  int
	skipped int
}

type output struct{ test, text string }

// Add takes one line. One that isn't an event is printed as it is.
func (r *Report) Add(line []byte) {
	var ev event
	if err := json.Unmarshal(line, &ev); err != nil || ev.Action == "" {
		fmt.Fprintf(r.Out, "%s\n", line)
		return
	}
	switch {
	case ev.ImportPath != "":
		r.addBuild(ev)
	case ev.Test != "":
		r.addTest(ev)
	case ev.Package != "":
		r.addPackage(ev)
	}
}

// addBuild keeps what the compiler says, for the packages that fail by it.
func (r *Report) addBuild(ev event) {
	if r.builds == nil {
		r.builds = map[string]*strings.Builder{}
	}
	b := r.builds[ev.ImportPath]
	if b == nil {
		b = &strings.Builder{}
		r.builds[ev.ImportPath] = b
	}
	b.WriteString(ev.Output)
}

func (r *Report) addTest(ev event) {
	p := r.pkg(ev.Package)
	switch ev.Action {
	case "run":
		p.running[ev.Test] = true
	case "output":
		p.outputs = append(p.outputs, output{ev.Test, ev.Output})
	case "pass":
		delete(p.running, ev.Test)
		p.drop(ev.Test)
		p.passed++
		r.Passed++
	case "skip":
		delete(p.running, ev.Test)
		r.Skipped = append(r.Skipped, Named{ev.Package, ev.Test, p.reason(ev.Test)})
		p.drop(ev.Test)
		p.skipped++
	case "fail":
		delete(p.running, ev.Test)
		r.fail(p, ev.Package, ev.Test)
	}
}

func (r *Report) addPackage(ev event) {
	p := r.pkg(ev.Package)
	switch ev.Action {
	case "output":
		p.outputs = append(p.outputs, output{"", ev.Output})
	case "pass":
		fmt.Fprintf(r.Out, "ok    %-40s %4d tests  %6.1f s\n", ev.Package, p.passed+p.skipped, ev.Elapsed)
		delete(r.packages, ev.Package)
	case "skip": // it has no tests
		delete(r.packages, ev.Package)
	case "fail":
		r.endFailed(ev.Package, ev)
	}
}

// endFailed prints a package that failed: which tests, and all they said.
func (r *Report) endFailed(name string, ev event) {
	p := r.packages[name]
	for test := range p.running { // the process ended before they did
		r.fail(p, name, test)
	}
	if len(p.failed) == 0 { // it wasn't built, or ended badly outside of any test
		r.Failed = append(r.Failed, Named{Package: name})
	}
	fmt.Fprintf(r.Out, "FAIL  %-40s %4d of %d tests  %.1f s\n", name, len(p.failed), p.passed+p.skipped+len(p.failed), ev.Elapsed)
	if b := r.builds[ev.FailedBuild]; b != nil {
		io.WriteString(r.Out, indent(b.String()))
	}
	for _, o := range p.outputs {
		if o.test == "" || p.failed[o.test] {
			io.WriteString(r.Out, indent(o.text))
		}
	}
	delete(r.packages, name)
}

func (r *Report) fail(p *packageState, pkg, test string) {
	p.failed[test] = true
	r.Failed = append(r.Failed, Named{Package: pkg, Test: test})
}

// Close ends the report: a package that never ended has failed.
func (r *Report) Close() {
	for name := range r.packages {
		r.endFailed(name, event{})
	}
}

func (r *Report) pkg(name string) *packageState {
	if r.packages == nil {
		r.packages = map[string]*packageState{}
	}
	p := r.packages[name]
	if p == nil {
		p = &packageState{running: map[string]bool{}, failed: map[string]bool{}}
		r.packages[name] = p
	}
	return p
}

func (p *packageState) drop(test string) {
	kept := p.outputs[:0]
	for _, o := range p.outputs {
		if o.test != test {
			kept = append(kept, o)
		}
	}
	p.outputs = kept
}

var (
	progress = regexp.MustCompile(`^\s*(=== |--- )`)
	position = regexp.MustCompile(`^\s*\S+\.go:\d+: `)
)

// reason is what a test said, less the testing package's own lines.
func (p *packageState) reason(test string) string {
	var said []string
	for _, o := range p.outputs {
		if o.test == test && !progress.MatchString(o.text) {
			said = append(said, strings.TrimSpace(position.ReplaceAllString(o.text, "")))
		}
	}
	return strings.Join(said, " ")
}

func indent(text string) string {
	if strings.TrimSpace(text) == "" {
		return text
	}
	return "      " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n      ") + "\n"
}
