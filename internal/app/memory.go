package app

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// loadingLimit is where the collector begins to work harder while rules are compiled: ten thousand rules leave
	// half of it behind, and twice as much garbage on the way there.
	loadingLimit = 88 << 20
	// runningLimit is the same for the time after, unless the rules take more of it.
	runningLimit = 108 << 20
)

// frugally keeps the peak of memory low while rules are loaded, at the price of some time, and sets the limit by
// what they take: it leaves half as much again, and room for what passes through. Who sets GOMEMLIMIT knows better.
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
