package launch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestJavaMajorReadsTheReleaseFile(t *testing.T) {
	for text, want := range map[string]int{
		"IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"17.0.15\"\nJAVA_VERSION_DATE=\"2025-04-15\"\n": 17,
		"JAVA_VERSION=\"25\"\n":        25,
		"JAVA_VERSION=\"1.8.0_412\"\n": 1,
		"nothing of it":                0,
	} {
		jdk := t.TempDir()
		if err := os.WriteFile(filepath.Join(jdk, "release"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := javaMajor(jdk); got != want {
			t.Errorf("release file %q: Java %d, want %d", text, got, want)
		}
	}
	if got := javaMajor(t.TempDir()); got != 0 {
		t.Errorf("no release file: Java %d, want 0", got)
	}
}
