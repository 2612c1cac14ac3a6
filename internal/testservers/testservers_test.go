package testservers

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// listener is a test that is asked for a server and says how it ended.
type listener struct {
	testing.TB
	skipped, failed string
}

func (l *listener) Helper()           {}
func (l *listener) Skip(args ...any)  { l.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (l *listener) Fatal(args ...any) { l.failed = fmt.Sprint(args...); runtime.Goexit() }

func ask(t *testing.T) *listener {
	t.Helper()
	l := &listener{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Gerrit(l)
	}()
	<-done
	return l
}

func TestMissingServerSkipsAndSaysHowToGetIt(t *testing.T) {
	t.Setenv(GerritURL, "")
	t.Setenv(Require, "")
	if l := ask(t); l.failed != "" || !strings.Contains(l.skipped, "make test") {
		t.Errorf("skipped with %q, failed with %q; want a skip that names make test", l.skipped, l.failed)
	}
}

func TestMissingServerFailsWhereItIsRequired(t *testing.T) {
	t.Setenv(GerritURL, "")
	t.Setenv(Require, "1")
	if l := ask(t); l.skipped != "" || !strings.Contains(l.failed, GerritURL) {
		t.Errorf("skipped with %q, failed with %q; want a failure that names %s", l.skipped, l.failed, GerritURL)
	}
}
