package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"verdict/internal/store"
)

// BenchmarkAccept takes in batches of 250 messages of 1.5 KB, of which one in a hundred matches a rule.
func BenchmarkAccept(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { accept(b, openAt(b, "sqlite:"+filepath.Join(b.TempDir(), "verdict.db"))) })
	b.Run("postgres", func(b *testing.B) { accept(b, openAt(b, ownDatabase(b))) })
}

func accept(b *testing.B, s *store.Store) {
	const size = 250
	body := make([]byte, 1500)
	for i := range body {
		body[i] = byte('a' + rand.IntN(26))
	}
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	id := func() string {
		var id [26]byte
		for i := range id {
			id[i] = alphabet[rand.IntN(len(alphabet))]
		}
		return string(id[:])
	}
	batch := make([]store.Event, size)
	b.ReportAllocs()
	n, before := 0, cpu()
	for b.Loop() {
		now := time.Now()
		for i := range batch {
			ev := &batch[i]
			*ev = event(0)
			ev.ID, ev.TaskID, ev.GroupID = id(), id()[:22], "aaaaaaaaaaaaaaaaaaaaaa"
			ev.RoutingKey = fmt.Sprintf("primary.%s.0.workers.wid.provisioner.ci-linux.gfx.%s._", ev.TaskID, ev.GroupID)
			ev.Time = now.Add(-time.Duration(rand.IntN(50)) * time.Millisecond)
			ev.State, ev.Body = store.EventUnmatched, body
			if i%100 == 0 {
				ev.State = store.EventReceived
			}
		}
		added, err := s.Accept(b.Context(), store.Intake{Events: batch})
		if err != nil || added != size {
			b.Fatalf("added %d: %v", added, err)
		}
		n += size
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(n), "cpu-µs/event")
}

// cpu is the processor time of this process so far: what others do on the machine doesn't change it much.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
