package app

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent lets the heap grow by so much between collections. Intake makes much that is soon gone; Go's 100 has
	// it collected a tenth of the time.
	gcPercent = 150
	// loadingLimit is where the collector begins to work harder while rules are compiled: ten thousand rules leave
	// half of it behind, and twice as much garbage on the way there.
	loadingLimit = 88 << 20
)

// tuneMemory sets what the environment leaves open: who sets GOGC or GOMEMLIMIT knows better.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// frugally keeps the peak of do's memory low, at the price of some time.
func frugally(do func() error) error {
	if os.Getenv("GOMEMLIMIT") != "" {
		return do()
	}
	before := debug.SetMemoryLimit(loadingLimit)
	defer debug.SetMemoryLimit(before)
	return do()
}
