package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Signals gives a ctx that SIGTERM and Ctrl-C end, and a channel that SIGHUP writes to. After the first, a second
// SIGTERM ends the process as if nobody listened.
func Signals(parent context.Context) (ctx context.Context, reload <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	ends, hups, asked := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(ends, syscall.SIGTERM, os.Interrupt)
	signal.Notify(hups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				signal.Stop(ends)
				return
			case <-ends:
				cancel()
			case <-hups:
				select {
				case asked <- struct{}{}:
				default: // one is waiting already
				}
			}
		}
	}()
	return ctx, asked, func() {
		cancel()
		<-done
		signal.Stop(hups)
	}
}
