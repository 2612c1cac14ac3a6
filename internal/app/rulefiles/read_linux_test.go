package rulefiles

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestReadPassesOverWhatItMayNotRead(t *testing.T) {
	dir := tree(t, map[string]string{"a/ci.yaml": "one", "b/ci.yaml": "two", "b/sub/more.yaml": "three"})
	for _, name := range []string{"a/ci.yaml", "b/sub"} {
		full := filepath.Join(dir, name)
		if err := os.Chmod(full, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(full, 0o700) })
	}
	asNobody(t, dir)
	files, refused, err := Read(dir)
	if err != nil || len(files) != 1 || string(files["b/ci.yaml"]) != "two" {
		t.Errorf("got %q, %v", files, err)
	}
	if want := map[string]string{"a/ci.yaml": "permission denied", "b/sub/": "permission denied"}; !maps.Equal(refused, want) {
		t.Errorf("refused are %q, want %q", refused, want)
	}
}

// asNobody has root lose its rights on files for the rest of a test, on the thread that it runs on, and makes the way to
// a temporary folder one that others may go.
func asNobody(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	runtime.LockOSThread()
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(0); err != nil {
			t.Fatal(err)
		}
		runtime.UnlockOSThread()
	})
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the folder for temporary files is closed to others: %v", err)
	}
}
