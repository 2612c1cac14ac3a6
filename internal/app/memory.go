package app

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// loadingLimit is where the collector begins to work harder while rules are compiled: ten thousand rules leave
	// more than a third of it behind, and several times as much garbage on the way there.
	loadingLimit = 96 << 20
	// room is what may pass through, beside two and a half times what the rules take. Intake makes much that is soon gone; up to
	// there the collector takes its time.
	room = 25 << 20
	// ceiling keeps that within what a process with ten thousand rules may take, 160 MiB: the program itself and SQLite
	// are beside it, some 30 MiB. With 20 MiB less the collector took half of intake's time. Rules that need more get
	// half as much again as they take.
	ceiling   = 116 << 20
	gcPercent = 250
)

// frugally keeps the peak of memory low while rules are loaded, at the price of some time, and sets the limit by
// what they take. Who sets GOMEMLIMIT or GOGC knows better.
func frugally(load func() error) error {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return load()
	}
	debug.SetMemoryLimit(loadingLimit)
	err := load()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(limitFor(int64(m.HeapAlloc)))
	debug.SetGCPercent(gcPercent)
	return err
}

// limitFor is the limit for rules that take so much.
func limitFor(heap int64) int64 { return max(min(heap*5/2+room, ceiling), heap+heap/2) }
