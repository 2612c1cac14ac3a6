package ingest

import (
	"sync/atomic"
	"time"
)

// backlog tells whether messages wait at the broker. A queue that grows too long is deleted there, with all that is
// in it, so taking messages in comes before deciding about them.
type backlog struct {
	full   atomic.Int32 // how many more of the last batches were full than were not
	lastMs atomic.Int64
}

const (
	// A batch of this size means that more were waiting: the consumer's are at most 250.
	fullBatch = 200
	// So many of them are a backlog, until none has come for a while; no more than mostFull are counted, so that it
	// is soon over.
	fullBatches  = 4
	mostFull     = 12
	backlogAfter = 250 * time.Millisecond
)

func (b *backlog) took(messages int) {
	if messages < fullBatch {
		b.full.Store(max(b.full.Load()-1, 0))
		return
	}
	b.full.Store(min(b.full.Load()+1, mostFull))
	b.lastMs.Store(time.Now().UnixMilli())
}

// Backlogged says that messages are waiting at the broker.
func (b *backlog) Backlogged() bool {
	return b.full.Load() >= fullBatches && time.Since(time.UnixMilli(b.lastMs.Load())) < backlogAfter
}
