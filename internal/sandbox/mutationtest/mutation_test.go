package mutationtest

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"verdict/internal/sandbox"
	"verdict/rules/examples"
)

var (
	all  = flag.Bool("mutants", false, "judge every mutant, not a sample, and print those that got away")
	by   = flag.String("mutants.by", "", "judge only what this is to notice: check, or test")
	seed = flag.Uint64("mutants.seed", 1, "chooses the sample")
)

// sample is how many mutants are judged: those for bot check cost milliseconds, those for tests a tenth of a second.
var sample = map[bool]int{true: 1500, false: 250}

// needs are how many of a hundred have to be noticed.
var needs = map[bool]float64{true: 95, false: 90}

// TestMutantsAreNoticed changes the examples, and holds bot check and the examples' tests to what they notice.
//
//	go test ./internal/sandbox/mutationtest -mutants -v -timeout 60m
//
// judges all, and prints those that got away.
func TestMutantsAreNoticed(t *testing.T) {
	var todo []job
	for _, root := range []fs.FS{examples.Files, os.DirFS("../testdata/language")} {
		f, err := readFolder(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range f.ruleFiles() {
			for _, m := range mutantsOf(name, f.files[name]) {
				if *by == "" || (*by == "check") == m.byCheck {
					todo = append(todo, job{folder: f, mutant: m})
				}
			}
		}
	}
	if !*all {
		todo = chosen(todo)
	}
	judgeAll(t, todo)
	t.Logf("%d mutants, seed %d\n%s", len(todo), *seed, table(todo))
	for _, byCheck := range []bool{true, false} {
		noticed, counted := count(todo, func(k kind) bool { return k.byCheck == byCheck })
		if *by != "" && (*by == "check") != byCheck {
			continue
		}
		if counted < 100 || 100*float64(noticed) < needs[byCheck]*float64(counted) {
			t.Errorf("%s notices %d of %d, want %v %% (seed %d)", who(byCheck), noticed, counted, needs[byCheck], *seed)
		}
	}
	if t.Failed() || *all {
		t.Logf("those that got away:\n%s", escaped(todo))
	}
}

// job is a mutant to be judged.
type job struct {
	*folder
	mutant
	fate fate
}

func (j job) noticed() bool {
	if j.byCheck {
		return j.fate == refused
	}
	return j.fate != survived && j.fate != equivalent
}

// chosen are so many of each half.
func chosen(todo []job) []job {
	dice := rand.New(rand.NewPCG(*seed, 0))
	dice.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	taken := map[bool]int{}
	return slices.DeleteFunc(todo, func(j job) bool {
		taken[j.byCheck]++
		return taken[j.byCheck] > sample[j.byCheck]
	})
}

func judgeAll(t *testing.T, todo []job) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		bed, err := sandbox.NewTestbed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bed.Close() })
		wg.Go(func() {
			for i := range next {
				var err error
				if todo[i].fate, err = todo[i].judge(context.WithoutCancel(t.Context()), bed, todo[i].mutant); err != nil {
					t.Errorf("%s: %v", todo[i].mutant, err)
				}
			}
		})
	}
	for i := range todo {
		next <- i
	}
	close(next)
	wg.Wait()
}

func count(todo []job, of func(kind) bool) (noticed, counted int) {
	for _, j := range todo {
		if of(j.kind) && j.fate != equivalent {
			counted++
			if j.noticed() {
				noticed++
			}
		}
	}
	return noticed, counted
}

func who(byCheck bool) string {
	if byCheck {
		return "bot check"
	}
	return "bot test"
}

// table counts by kind.
func table(todo []job) string {
	kinds := map[kind]map[fate]int{}
	for _, j := range todo {
		if kinds[j.kind] == nil {
			kinds[j.kind] = map[fate]int{}
		}
		kinds[j.kind][j.fate]++
	}
	var b strings.Builder
	for _, byCheck := range []bool{true, false} {
		fmt.Fprintf(&b, "\n%-36s %9s %9s %11s %8s %9s %10s\n", who(byCheck)+" is to notice", "noticed", "refused", "not there", "by test", "survived", "equivalent")
		var names []kind
		for k := range kinds {
			if k.byCheck == byCheck {
				names = append(names, k)
			}
		}
		slices.SortFunc(names, func(a, b kind) int { return cmp.Compare(a.name, b.name) })
		row := func(name string, of func(kind) bool) {
			noticed, counted := count(todo, of)
			sum := map[fate]int{}
			for k, n := range kinds {
				for f := range n {
					if of(k) {
						sum[f] += n[f]
					}
				}
			}
			fmt.Fprintf(&b, "%-36s %4d/%4d %9d %11d %8d %9d %10d\n", name, noticed, counted, sum[refused], sum[elsewhere], sum[killed], sum[survived], sum[equivalent])
		}
		for _, k := range names {
			row(k.name, func(other kind) bool { return other == k })
		}
		row("all", func(k kind) bool { return k.byCheck == byCheck })
	}
	return b.String()
}

// escaped are the mutants that were not noticed by whom they were for.
func escaped(todo []job) string {
	var lines []string
	for _, j := range todo {
		if j.fate != equivalent && !j.noticed() {
			lines = append(lines, j.mutant.String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
