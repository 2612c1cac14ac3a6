// Package failpoint surrounds each step by which the bot changes something that lasts, in its store, on Gerrit or
// on Taskcluster, with two points: before it and after it. At one of them the process ends as if its machine did, or
// freezes.
//
// Steps are numbered by name, in the order in which they come: deliver.FinishActions#2:after. A claim that found
// nothing and a poll that brought nothing new are no steps. The bot of test/chaos is the only one with points.
package failpoint

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"verdict/internal/app"
)

// Points are all points of one process.
type Points struct {
	// Trace is told each point that is passed, a line each.
	Trace io.Writer
	// At is the point at which Signal strikes; "" is none.
	At string
	// Signal is what this process sends itself there: SIGKILL or SIGSTOP.
	Signal syscall.Signal
	// Once is a file that is removed there; where it is gone already, nothing happens. So one of several processes
	// is struck, once, and not again when it is started anew.
	Once string

	mu   sync.Mutex
	came map[string]int // steps so far, by name
}

// Wrap puts the points around what the stages stand on.
func (p *Points) Wrap(parts *app.Parts) {
	parts.Intake = &intake{Store: parts.Intake, points: p, seen: map[string]bool{}}
	parts.Decisions = decisions{parts.Decisions, p}
	parts.Deliveries = deliveries{parts.Deliveries, p}
	parts.Rules = ruleStore{parts.Rules, p}
	parts.Problems = problemStore{parts.Problems, p}
	parts.Queue = queue{parts.Queue, p}
	parts.Services = services{parts.Services, p}
	for name, server := range parts.Gerrit {
		parts.Gerrit[name] = gerritServer{server, p}
	}
}

// around does a step.
func around[T any](p *Points, name string, step func() (T, error)) (T, error) {
	name = p.next(name)
	p.pass(name + ":before")
	v, err := step()
	p.pass(name + ":after")
	return v, err
}

// do does a step that answers nothing.
func (p *Points) do(name string, step func() error) error {
	_, err := around(p, name, func() (struct{}, error) { return struct{}{}, step() })
	return err
}

// next numbers a step.
func (p *Points) next(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.came == nil {
		p.came = map[string]int{}
	}
	p.came[name]++
	return fmt.Sprintf("%s#%d", name, p.came[name])
}

func (p *Points) pass(point string) {
	fmt.Fprintln(p.Trace, point)
	if point != p.At || os.Remove(p.Once) != nil {
		return
	}
	if err := syscall.Kill(os.Getpid(), p.Signal); err != nil {
		panic(err)
	}
	if p.Signal == syscall.SIGKILL {
		select {} // it comes at any moment
	}
}
