package ingest

import (
	"strings"
	"testing"
)

// BenchmarkIdentify reads the id out of a message of 1.5 KB.
func BenchmarkIdentify(b *testing.B) {
	payload := []byte(strings.Replace(failed, `"version":1`, `"task":{"tags":{"description":"`+strings.Repeat("0", 1200)+`"}},"version":1`, 1))
	b.ReportAllocs()
	for b.Loop() {
		if o, err := identified("queue/task-failed", taskFailed, payload); err != nil || o.id == "" {
			b.Fatal(o, err)
		}
	}
}
