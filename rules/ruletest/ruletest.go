// Package ruletest reads tests of rules, compares what they expect with what a bot did, and reports.
//
// A *.test.yaml lies beside the rules of its team: what is given, what happens, and what is to come of it. The bot
// itself, and the world around it, are handed in as an Engine; Run tells each test's world what happens, and holds what
// the rules decided and what then stands on the change to what is written. It also counts which clauses, actions and
// filters the tests reached. The rules are those of package rules; what a bot does with them is not this package's.
// Nothing is persisted. cmd/bot calls it, with internal/sandbox's engine.
package ruletest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"verdict/rules"
)

// Engine makes worlds for tests.
type Engine interface {
	// Open makes a world in which nothing has happened but what is given. Its bot has the rules of the set.
	Open(ctx context.Context, set *rules.Set, given Given) (World, error)
	// Replay decides a recorded event by the set, with the facts of the recording.
	Replay(ctx context.Context, set *rules.Set, recording []byte) ([]Event, error)
}

// World is what is around one test.
type World interface {
	// Happen lets a step happen, and the bot answer it to the end. It tells what the bot heard, and how it decided.
	// An error of type *StepError is the test's fault.
	Happen(ctx context.Context, step Step) ([]Event, error)
	// Stands tells what is on the change, and which tasks the bot made for it.
	Stands(ctx context.Context) (Standing, error)
	Close() error
}

// StepError says why a step can't happen: it asks for what no server would do.
type StepError struct{ Message string }

func (e *StepError) Error() string { return e.Message }

// Event is something that the bot heard, with what each rule made of it.
type Event struct {
	rules.Occurrence
	Decisions []Decision
	// Error is why it could not be decided, or what its rules failed with.
	Error string
}

// Decision is one rule's.
type Decision struct {
	Rule string
	// Shadow says that it is recorded, and nothing is done.
	Shadow bool
	rules.Decision
}

// Standing is what others see: on the change, and at Taskcluster.
type Standing struct {
	// Labels are the bot's own votes on the current patchset; no zeros.
	Labels map[string]int
	// Messages are what the bot said on the change, in order, without Gerrit's first line and the bot's last.
	Messages []string
	Hashtags []string
	// Tasks are the definitions of the tasks that the bot made for the change, in order.
	Tasks         []map[string]any
	Status, Topic string
	WIP           bool
	// Trouble are the actions that could not be done, with the reason, in words.
	Trouble []string
}

// Options say how tests are run.
type Options struct {
	Engine Engine
	// Set gives the rules of a file's team, and no others.
	Set func(*File) *rules.Set
	// Untested are further sets, of teams without tests: nothing of them is shown.
	Untested []*rules.Set
	// Read reads a file that a test names, by its path relative to the test file.
	Read func(testFile, name string) ([]byte, error)
	// Only runs the tests whose name has this in it; empty: all.
	Only string
	// ExchangePrefix is what Taskcluster's exchanges begin with.
	ExchangePrefix string
	// Begin and Done are told of each test; nil: nobody is.
	Begin func(file, name string)
	Done  func(Result)
}

// Result is how a test went.
type Result struct {
	File, Name string
	Line       int
	// Findings are empty where it is as expected.
	Findings []Finding
	Took     time.Duration
}

// Passed says whether all was as expected.
func (r Result) Passed() bool { return len(r.Findings) == 0 }

// Report is how all tests went.
type Report struct {
	Results  []Result
	Coverage Coverage
	Took     time.Duration
}

// Failed is how many tests were not as expected.
func (r Report) Failed() int {
	n := 0
	for _, one := range r.Results {
		if !one.Passed() {
			n++
		}
	}
	return n
}

// Run runs the tests of files, one after the other. The error is that of an engine that can't work, or the context's.
func Run(ctx context.Context, files []*File, o Options) (Report, error) {
	began := time.Now()
	var report Report
	seen := newCoverage(o.ExchangePrefix)
	for _, set := range o.Untested {
		seen.add(set)
	}
	for _, f := range files {
		set := o.Set(f)
		seen.add(set)
		for i := range f.Tests {
			t := &f.Tests[i]
			if o.Only != "" && !strings.Contains(t.Name, o.Only) {
				continue
			}
			if o.Begin != nil {
				o.Begin(f.Name, t.Name)
			}
			r := &run{o: o, file: f, test: t, set: set, seen: seen}
			began := time.Now()
			if err := r.run(ctx); err != nil {
				return report, fmt.Errorf("%s:%d: %s: %w", f.Name, t.Line, t.Name, err)
			}
			result := Result{File: f.Name, Name: t.Name, Line: t.Line, Findings: r.findings, Took: time.Since(began)}
			report.Results = append(report.Results, result)
			if o.Done != nil {
				o.Done(result)
			}
		}
	}
	report.Coverage, report.Took = seen.result(), time.Since(began)
	return report, ctx.Err()
}

// run is one test that is run.
type run struct {
	o        Options
	file     *File
	test     *Test
	set      *rules.Set
	seen     *coverage
	events   []Event // all so far
	compared int     // how many of them what stands was compared after
	findings []Finding
}

func (r *run) run(ctx context.Context) (err error) {
	if r.test.Recorded != "" {
		return r.replay(ctx)
	}
	world, err := r.o.Engine.Open(ctx, r.set, r.test.Given)
	if err != nil {
		return r.fault(r.test.Line, err)
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	after := "at the beginning"
	for _, step := range r.test.Steps {
		if step.Stands != nil {
			standing, err := world.Stands(ctx)
			if err != nil {
				return err
			}
			r.compareStanding(step, standing, after)
			r.compared = len(r.events)
			continue
		}
		events, err := world.Happen(ctx, step)
		if err != nil {
			return r.fault(step.Line, err)
		}
		r.heard(events)
		after = "after " + step.String()
	}
	r.compareDecisions()
	return nil
}

func (r *run) replay(ctx context.Context) error {
	data, err := r.o.Read(r.file.Name, r.test.Recorded)
	if err != nil {
		r.find(Finding{Line: r.test.Line, What: "the recording can't be read: " + err.Error()})
		return nil
	}
	events, err := r.o.Engine.Replay(ctx, r.set, data)
	if err != nil {
		return r.fault(r.test.Line, err)
	}
	r.heard(events)
	r.compareDecisions()
	return nil
}

// fault makes a finding of what is the test's fault, and hands on the rest.
func (r *run) fault(line int, err error) error {
	var step *StepError
	if errors.As(err, &step) {
		r.find(Finding{Line: line, What: step.Message})
		return nil
	}
	return err
}

// heard keeps what was decided. What failed in a rule is never taken for an answer.
func (r *run) heard(events []Event) {
	r.events = append(r.events, events...)
	for _, e := range events {
		r.seen.see(r.set, e)
		if e.Error != "" {
			r.find(Finding{Line: r.test.Line, What: fmt.Sprintf("%s could not be decided: %s", e.Type, e.Error)})
		}
	}
}

func (r *run) find(f Finding) { r.findings = append(r.findings, f) }
