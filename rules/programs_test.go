package rules

import (
	"fmt"
	"sync"
	"testing"
)

// TestFewProgramsAreHeld: however many rules are at work, the programs that a set holds ready are bounded, and each
// rule decides as before when its own were dropped meanwhile.
func TestFewProgramsAreHeld(t *testing.T) {
	set := loadMany(t, 2*keptPrograms)
	ready := set.Rules()[0].when[0].ready
	var workers sync.WaitGroup
	for w := range 2 {
		workers.Go(func() {
			for i := range set.Rules() {
				n := i
				if w == 1 {
					n = len(set.Rules()) - 1 - i
				}
				r := set.Rules()[n]
				for typ, matched := range map[string]bool{"ci-" + r.Name[len("rule-"):]: true, "ci-other": false} {
					event := map[string]any{"runId": int64(0), "status": map[string]any{"taskId": "T", "state": "failed", "workerType": typ}}
					d, err := r.Evaluate(Input{Event: event, Facts: map[string]any{"links": map[string]any{"log": "L"}}})
					if err != nil || d.Matched != matched {
						t.Errorf("%s on %s: matched %v, want %v; error %v", r.Name, typ, d.Matched, matched, err)
					}
				}
			}
		})
	}
	workers.Wait()
	if held := len(ready.ready); held != keptPrograms || ready.order.Len() != held {
		t.Errorf("%d programs are held, %d in order, want %d", held, ready.order.Len(), keptPrograms)
	}
}

// TestTheProgramsUsedLastAreHeld: an expression that is evaluated again and again isn't compiled anew between others.
func TestTheProgramsUsedLastAreHeld(t *testing.T) {
	p := newPrograms(nil)
	often := &expression{source: "true", in: scope{event: dyn}}
	first, err := p.of(often)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * keptPrograms {
		if _, err := p.of(&expression{source: fmt.Sprintf("%d > 0", i), in: scope{event: dyn}}); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			if again, _ := p.of(often); again != first {
				t.Fatalf("after %d others it was compiled anew", i)
			}
		}
	}
}

// TestLetsAreKnownToAProgramCompiledAnew: what a scope holds beside the facts is there again.
func TestLetsAreKnownToAProgramCompiledAnew(t *testing.T) {
	set := loadText(t, `
rules:
  - name: lets
    on: {exchange: queue/task-failed}
    let: {kind: 'event.status.state', bad: 'kind == "failed"'}
    when: ['bad && kind.size() == 6']
    do:
      - comment: '${kind}'
`)
	r := set.Rules()[0]
	for _, c := range []*expression{r.lets[0].expression, r.lets[1].expression, r.when[0].expression} {
		if _, err := newPrograms(nil).compile(c); err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
	}
}
