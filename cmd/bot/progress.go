package main

import (
	"fmt"
	"io"
	"os"

	"verdict/rules/ruletest"
)

// progress tells of tests while they run: on a terminal of the one in hand, and of each that ended.
type progress struct {
	text    *ruletest.Text
	watched bool
	silent  bool
	file    string
}

func newProgress(out io.Writer, silent bool) *progress {
	return &progress{text: &ruletest.Text{Out: out, Colour: colours(out)}, watched: isTerminal(out) && !silent, silent: silent}
}

// colours says whether to write them: on a terminal whose user has not asked for none.
func colours(out io.Writer) bool { return isTerminal(out) && os.Getenv("NO_COLOR") == "" }

// clearLine takes the line back that tells of the test in hand.
const clearLine = "\r\x1b[K"

func (p *progress) begin(file, name string) {
	if p.silent {
		return
	}
	if file != p.file {
		fmt.Fprintln(p.text.Out, file)
		p.file = file
	}
	if p.watched {
		fmt.Fprintf(p.text.Out, "… %s", name)
	}
}

func (p *progress) done(r ruletest.Result) {
	if p.silent {
		return
	}
	if p.watched {
		fmt.Fprint(p.text.Out, clearLine)
	}
	p.text.Result(r)
}
