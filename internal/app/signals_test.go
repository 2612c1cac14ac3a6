package app

import (
	"os"
	"syscall"
	"testing"
)

func TestSignalsReloadAndStop(t *testing.T) {
	ctx, reload, stop := Signals(t.Context())
	defer stop()
	send := func(s syscall.Signal) {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
	}
	send(syscall.SIGHUP)
	<-reload
	if ctx.Err() != nil {
		t.Error("SIGHUP ended it")
	}
	send(syscall.SIGTERM)
	<-ctx.Done()
}
