package rules

import (
	"runtime"
	"testing"
	"time"
)

// TestTenThousandRulesFit holds what a set of 10 000 rules keeps in memory, each with conditions and texts of its
// own.
func TestTenThousandRulesFit(t *testing.T) {
	if testing.Short() {
		t.Skip("loads 10 000 rules")
	}
	before := heap()
	started := time.Now()
	set := loadMany(t, 10_000)
	took := time.Since(started)
	kept := heap() - before
	t.Logf("%d rules: %d MiB kept, loaded in %v", len(set.Rules()), kept>>20, took.Round(time.Millisecond))
	if kept > 60<<20 {
		t.Errorf("10 000 rules keep %d MiB, more than 60", kept>>20)
	}
	runtime.KeepAlive(set)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkLoad(b *testing.B) {
	files := map[string][]byte{"team/rules.yaml": []byte(manyRules(100))}
	for b.Loop() {
		Load(Sources{Files: files})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	set := loadMany(b, 100)
	in := Input{Event: map[string]any{"runId": int64(0), "status": map[string]any{"taskId": "T", "state": "failed", "workerType": "ci-0"}}, Facts: map[string]any{"links": map[string]any{}}}
	for _, test := range []struct {
		name string
		rule *Rule
	}{{"matches", set.Rules()[0]}, {"stops at the second clause", set.Rules()[1]}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := test.rule.Evaluate(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
