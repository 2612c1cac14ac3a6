package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestTargetsAreFoundByWhatTheyDeclare(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":          "module m\n\ngo 1.26\n",
		"a/a.go":          "package a\n",
		"a/in_test.go":    "package a\n\nimport \"testing\"\n\nfunc FuzzIn(f *testing.F) {}\nfunc BenchmarkIn(b *testing.B) {}\n",
		"a/out_test.go":   "package a_test\n\nimport \"testing\"\n\nfunc FuzzOut(fuzz *testing.F) {}\n// func FuzzNot(f *testing.F) {}\n",
		"b/b.go":          "package b\n",
		"b/plain_test.go": "package b\n\nimport \"testing\"\n\nfunc TestPlain(t *testing.T) {}\nfunc TestItCostsLittle(t *testing.T) {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &suite{packages: []string{"./..."}}
	found, err := s.targets(t.Context(), fuzzTarget)
	if err != nil || len(found) != 1 || found[0].ImportPath != "m/a" || !slices.Equal(found[0].Names, []string{"FuzzIn", "FuzzOut"}) {
		t.Errorf("fuzz targets %+v, %v; want FuzzIn and FuzzOut of m/a", found, err)
	}
	found, err = s.targets(t.Context(), benchmark)
	if err != nil || len(found) != 1 || !slices.Equal(found[0].Names, []string{"BenchmarkIn"}) {
		t.Errorf("benchmarks %+v, %v; want BenchmarkIn of m/a", found, err)
	}
	found, err = s.targets(t.Context(), measurement)
	if err != nil || len(found) != 1 || !slices.Equal(found[0].Names, []string{"TestItCostsLittle"}) {
		t.Errorf("tests that measure %+v, %v; want TestItCostsLittle of m/b", found, err)
	}
}

func TestInterruptedCommandEndsWithItsChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	// Were sleep left alone it would hold the output open, and output would not return.
	_, err := output(ctx, "", nil, "sh", "-c", "touch "+started+"; sleep 600; true")
	if err == nil || ctx.Err() == nil {
		t.Errorf("got %v, want the interruption", err)
	}
}
