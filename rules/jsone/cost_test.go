package jsone_test

import (
	"testing"
	"time"
)

// TestRenderingCostsFiveCopiesAtMost compares the rendering of a task's definition with a deep copy of what comes out. Of
// many rounds, which take turns, the shortest counts: what else runs on the machine only adds to it.
func TestRenderingCostsFiveCopiesAtMost(t *testing.T) {
	template, context := compiledDefinition(t)
	rendered, err := template.Render(context, noon)
	if err != nil {
		t.Fatal(err)
	}
	render := func() {
		if _, err := template.Render(context, noon); err != nil {
			t.Fatal(err)
		}
	}
	var shortest [2]time.Duration
	for range 60 {
		for i, run := range []func(){render, func() { sink = deepCopy(rendered) }} {
			begun := time.Now()
			for range 50 {
				run()
			}
			if took := time.Since(begun); shortest[i] == 0 || took < shortest[i] {
				shortest[i] = took
			}
		}
	}
	ratio := float64(shortest[0]) / float64(shortest[1])
	t.Logf("render %v, deep copy %v, ratio %.2f", shortest[0]/50, shortest[1]/50, ratio)
	if ratio > 5 {
		t.Errorf("rendering costs %.2f deep copies, more than 5", ratio)
	}
}
