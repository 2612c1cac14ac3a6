package ingest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestABacklogIsFullBatchesAndEndsWithThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backlog
		for range fullBatches - 1 {
			b.took(250)
		}
		if b.Backlogged() {
			t.Error("a burst was taken for a backlog")
		}
		b.took(250)
		b.took(120) // one that the timer cut short
		b.took(250)
		if !b.Backlogged() {
			t.Error("a backlog was not noticed")
		}
		time.Sleep(backlogAfter)
		if b.Backlogged() {
			t.Error("the backlog did not end with its messages")
		}
		for range 1000 {
			b.took(250)
		}
		for range mostFull {
			b.took(3)
		}
		if b.Backlogged() {
			t.Error("a long backlog was remembered for too long")
		}
	})
}
