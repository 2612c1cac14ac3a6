package ingest

import (
	"sync/atomic"
	"time"
)

// backlog tells whether messages wait at the broker. A queue that grows too long is deleted there, with all that is
// in it, so taking messages in comes before deciding about them.
type backlog struct {
	full   atomic.Int32 // batches in a row that were full
	lastMs atomic.Int64
}

const (
	// A batch of this size means that more were waiting: the consumer's are at most 250.
	fullBatch = 200
	// So many of them in a row are a backlog, until none has come for a while.
	fullBatches  = 4
	backlogAfter = 250 * time.Millisecond
)

func (b *backlog) took(messages int) {
	if messages < fullBatch {
		b.full.Store(0)
		return
	}
	b.full.Add(1)
	b.lastMs.Store(time.Now().UnixMilli())
}

// Backlogged says that messages are waiting at the broker.
func (b *backlog) Backlogged() bool {
	return b.full.Load() >= fullBatches && time.Since(time.UnixMilli(b.lastMs.Load())) < backlogAfter
}
