package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWhatCouldNotBePrintedIsNoSuccess(t *testing.T) {
	for _, args := range [][]string{
		{"check", "../../deploy/example/rules"},
		{"try", "--event", "-", "--rules", "../../deploy/example/rules"},
		{"fields"},
		{"help"},
	} {
		var told bytes.Buffer
		in := strings.NewReader(`{"cron": "0 6 * * *", "server": "main", "query": "status:open"}`)
		if code := execute(t.Context(), args, in, fullDisk{}, &told); code != exitTrouble || !strings.Contains(told.String(), "no space left") {
			t.Errorf("bot %v on a full disk exits with %d and says %q", args, code, told.String())
		}
		in.Seek(0, io.SeekStart)
		if code := execute(t.Context(), args, in, io.Discard, io.Discard); code != exitFine {
			t.Errorf("bot %v exits with %d", args, code)
		}
	}
}
