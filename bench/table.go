package main

import (
	"fmt"
	"io"
	"slices"
)

// table gathers the rounds.
type table struct {
	rounds  int
	names   []string
	results map[string][]result
}

func (t *table) add(name string, r result) {
	if t.results == nil {
		t.results = map[string][]result{}
	}
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	t.results[name] = append(t.results[name], r)
}

func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "| %d rounds: minimum / median / maximum | messages a second | ratio to bare, round by round | CPU a message, µs | peak RSS, MiB |\n|---|---|---|---|---|\n", t.rounds)
	for _, name := range t.names {
		rs := t.results[name]
		ratio := "—"
		if bare := t.results["bare"]; name != "bare" && len(bare) == len(rs) {
			ratio = spread("%.2f", rs, func(i int) float64 { return rs[i].rate() / bare[i].rate() })
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", name,
			spread("%.0f", rs, func(i int) float64 { return rs[i].rate() }), ratio,
			spread("%.1f", rs, func(i int) float64 { return float64(rs[i].CPU.Microseconds()) / float64(rs[i].Messages) }),
			spread("%.1f", rs, func(i int) float64 { return float64(rs[i].RSS) / (1 << 20) }))
	}
}

func spread(format string, rs []result, of func(i int) float64) string {
	values := make([]float64, len(rs))
	for i := range rs {
		values[i] = of(i)
	}
	slices.Sort(values)
	return fmt.Sprintf(format+" / "+format+" / "+format, values[0], values[len(values)/2], values[len(values)-1])
}
