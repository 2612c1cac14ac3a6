package main

import (
	"strings"
	"testing"

	"verdict/rules/ruletest"
)

func TestProgressOnATerminalIsOneLineThatGoes(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out, false)
	p.watched = true
	p.begin("a.test.yaml", "one")
	p.done(ruletest.Result{Name: "one"})
	p.begin("a.test.yaml", "two")
	if want := "a.test.yaml\n… one" + clearLine + "✓ one\n… two"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	quiet := newProgress(&out, true)
	quiet.begin("a.test.yaml", "one")
	quiet.done(ruletest.Result{Name: "one"})
	if out.Len() > 0 {
		t.Errorf("with --json it prints %q", out.String())
	}
}
