package launch

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestCachedBuildsOnceForAllWhoWantIt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			dir, err := cached("thing-1", func(dir string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
			})
			if _, missing := os.Stat(filepath.Join(dir, "file")); err != nil || missing != nil {
				t.Errorf("cached gave %q, %v; want a folder with the file", dir, err)
			}
		})
	}
	wg.Wait()
	if builds.Load() != 1 {
		t.Errorf("built %d times, want once", builds.Load())
	}
}

func TestCachedKeepsNothingOfABuildThatFails(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	broken := errors.New("no network")
	if _, err := cached("thing-1", func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the build's error", err)
	}
	built := false
	if _, err := cached("thing-1", func(string) error { built = true; return nil }); err != nil || !built {
		t.Errorf("after a failure: built %v, %v; want it built anew", built, err)
	}
}

func TestFingerprintTellsPartsApart(t *testing.T) {
	if fingerprint("ab", "c") == fingerprint("a", "bc") {
		t.Error("ab, c and a, bc have one fingerprint")
	}
}
