package rules

import (
	"container/list"
	"sync"

	"cel.dev/cel-go/cel"
)

// keptPrograms is how many programs a set holds ready. Ten thousand take some 50 MiB, which Go's collector would mark
// again and again, and of so many rules few are at work in one hour; an expression that isn't among them is compiled
// anew, which takes a fraction of a millisecond.
const keptPrograms = 1024

// programs are the compiled expressions of a set that were used last. Each compiled once before, when it was loaded.
type programs struct {
	messages *Messages

	mu    sync.Mutex
	ready map[*expression]*list.Element
	order list.List // of readyProgram, the one that was used last in front
}

type readyProgram struct {
	of      *expression
	program cel.Program
}

func newPrograms(messages *Messages) *programs {
	return &programs{messages: messages, ready: map[*expression]*list.Element{}}
}

// of is an expression's program, safe for concurrent use.
func (p *programs) of(e *expression) (cel.Program, error) {
	if program := p.held(e); program != nil {
		return program, nil
	}
	program, err := p.compile(e) // by two at once where it happens so, rather than one after the other
	if err != nil {
		return nil, err
	}
	p.hold(e, program)
	return program, nil
}

func (p *programs) held(e *expression) cel.Program {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.ready[e]
	if !ok {
		return nil
	}
	p.order.MoveToFront(at)
	return at.Value.(readyProgram).program
}

func (p *programs) hold(e *expression, program cel.Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.ready[e]; ok {
		return
	}
	p.ready[e] = p.order.PushFront(readyProgram{e, program})
	if p.order.Len() > keptPrograms {
		last := p.order.Remove(p.order.Back()).(readyProgram)
		delete(p.ready, last.of)
	}
}

func (p *programs) compile(e *expression) (cel.Program, error) {
	env, err := e.in.env(p.messages)
	if err != nil {
		return nil, err
	}
	checked, issues := env.Compile(e.source)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	return programOf(env, checked, e.loops)
}

// programOf is what an expression does. Without a loop the work is bounded by the text's length, and need not be
// counted.
func programOf(env *cel.Env, checked *cel.Ast, loops bool) (cel.Program, error) {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.OptimizeRegex(wholeOnce)}
	if loops {
		options = append(options, cel.CostLimit(maxCost), cel.CostTrackerOptions(readingCosts()...))
	}
	return env.Program(checked, options...)
}
