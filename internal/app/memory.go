package app

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// gcPercent lets the heap grow by so much between collections. Intake makes much that is soon gone; Go's 100 has
	// it collected a tenth of the time.
	gcPercent = 150
	// loadingLimit is where the collector begins to work harder while rules are compiled: ten thousand rules leave
	// half of it behind, and twice as much garbage on the way there.
	loadingLimit = 88 << 20
	// runningLimit is the same for the time after, unless the rules take more of it.
	runningLimit = 108 << 20
)

// tuneMemory sets what the environment leaves open: who sets GOGC or GOMEMLIMIT knows better.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// frugally keeps the peak of memory low while rules are loaded, at the price of some time, and sets the limit by
// what they take: it leaves half as much again, and room for what passes through.
func frugally(load func() error) error {
	if os.Getenv("GOMEMLIMIT") != "" {
		return load()
	}
	debug.SetMemoryLimit(loadingLimit)
	err := load()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(max(runningLimit, int64(m.HeapAlloc)*3/2+32<<20))
	return err
}
