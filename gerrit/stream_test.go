package gerrit_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
)

func tell(to io.Writer, change int) {
	fmt.Fprintf(to, `{"type":"comment-added","change":{"project":"demo","number":%d},"project":"demo"}`+"\n", change)
}

func TestStreamHandsOnWhatIsTold(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, to, _ io.Writer) uint32 {
		tell(to, 1)
		fmt.Fprint(to, "this is no event\n", `{"type":"ref-updated","project":"demo"}`+"\n", strings.Repeat("x", 5<<20)+"\n")
		tell(to, 2)
		return s.stay()
	})
	h := s.stream(t)
	h.listen(t)
	for _, want := range []int{1, 2} {
		if got := next(t, h.hints, "hint"); got != comment(want) {
			t.Errorf("got %+v, want change %d", got, want)
		}
	}
	if st := h.Status(); !st.Connected || st.Events != 3 || st.Skipped != 2 || st.LastEvent.IsZero() || st.Connects != 1 {
		t.Errorf("%+v", st)
	}
	if line := next(t, s.commands, "command"); line != "gerrit stream-events -s "+strings.Join(gerrit.StreamTypes, " -s ") {
		t.Errorf("asked %q", line)
	}
}

func TestStreamSubscribesToTheTypesAskedFor(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	h := s.stream(t)
	h.Types = []string{"change-merged"}
	h.listen(t)
	if line := next(t, s.commands, "command"); line != "gerrit stream-events -s change-merged" {
		t.Errorf("asked %q", line)
	}
}

func TestStreamPollsAfterEachConnect(t *testing.T) {
	s := newTeller(t, func(s *teller, n int, to, _ io.Writer) uint32 {
		if n == 1 {
			fmt.Fprint(to, `{"type":"comment-added","change":{"project":"demo","num`) // cut in a line
			return 0
		}
		tell(to, n)
		return s.stay()
	})
	h := s.stream(t)
	h.listen(t)
	h.until(t, "loss", lost)
	h.until(t, "second connection", stands)
	if got := next(t, h.hints, "hint"); got.Change != 2 {
		t.Errorf("got %+v", got)
	}
	next(t, h.polls, "poll for the first connect")
	next(t, h.polls, "poll for the second")
	next(t, h.polls, "poll for what happened before the server began to tell")
	if st := h.Status(); st.Connects != 2 || st.Skipped != 0 || st.Err != nil {
		t.Errorf("%+v", st)
	}
}

func TestStreamPollsWhenTheServerLeftSomethingOut(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, to, _ io.Writer) uint32 {
		fmt.Fprintln(to, `{"type":"dropped-output","eventCreatedOn":1795387590}`)
		return s.stay()
	})
	h := s.stream(t)
	h.listen(t)
	next(t, h.polls, "poll for the connect")
	next(t, h.polls, "poll for what was dropped")
	next(t, h.polls, "poll for what happened before the server began to tell")
}

func TestStreamThatIsCutComesBack(t *testing.T) {
	s := newTeller(t, func(s *teller, n int, to, _ io.Writer) uint32 { tell(to, n); return s.stay() })
	h := s.stream(t)
	h.listen(t)
	for n := 1; n <= 3; n++ {
		if got := next(t, h.hints, "hint"); got.Change != n {
			t.Errorf("got %+v, want %d", got, n)
		}
		s.cut()
	}
}

func TestStreamNoticesSilence(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	s.deaf.Store(true)
	h := s.stream(t)
	h.KeepAlive, h.Silence = 20*time.Millisecond, 100*time.Millisecond
	h.listen(t)
	if st := h.until(t, "loss", lost); st.Err == nil || !strings.Contains(st.Err.Error(), "nothing was heard for 100ms") {
		t.Errorf("lost with %v", st.Err)
	}
	s.deaf.Store(false)
	h.until(t, "connection", stands)
}

func TestStreamKeepsAConnectionThatAnswers(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, to, _ io.Writer) uint32 {
		for range 60 { // far beyond Silence
			<-s.answers
		}
		tell(to, 1)
		return s.stay()
	})
	h := s.stream(t)
	h.KeepAlive, h.Silence = 10*time.Millisecond, 300*time.Millisecond
	h.listen(t)
	next(t, h.hints, "hint")
	if st := h.Status(); st.Connects != 1 {
		t.Errorf("%+v", st)
	}
}

func TestStreamOnWhichNothingIsToldForLongIsMadeAnew(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	h := s.stream(t)
	h.KeepAlive, h.Quiet = 20*time.Millisecond, 100*time.Millisecond
	h.listen(t)
	if st := h.until(t, "loss", lost); st.Err == nil || !strings.Contains(st.Err.Error(), "no event for 100ms") {
		t.Errorf("lost with %v", st.Err)
	}
	h.until(t, "connection", stands)
}

func TestStreamSaysWhatAServerRefuses(t *testing.T) {
	for said, want := range map[string]string{
		"stream events not permitted\n": "capability Stream Events",
		"fatal: gerrit: no\n":           `Gerrit says "fatal: gerrit: no"`,
		"":                              "status 1",
	} {
		s := newTeller(t, func(_ *teller, _ int, _, errors io.Writer) uint32 { fmt.Fprint(errors, said); return 1 })
		h := s.stream(t)
		h.listen(t)
		if st := h.until(t, "loss", lost); st.Err == nil || !strings.Contains(st.Err.Error(), want) {
			t.Errorf("%q: lost with %v, want %q", said, st.Err, want)
		}
	}
}

func TestStreamSpeaksToNobodyUnknown(t *testing.T) {
	s := newTeller(t, func(*teller, int, io.Writer, io.Writer) uint32 { return 0 })
	h := s.stream(t)
	h.KnownHostsFile = s.knownHosts(t)
	h.listen(t)
	st := h.until(t, "refusal", lost)
	refused, ok := errors.AsType[*gerrit.HostKeyError](st.Err)
	if !ok || len(refused.Known) != 0 || !strings.Contains(st.Err.Error(), "add the line: ") {
		t.Fatalf("got %v", st.Err)
	}
	must(t, os.WriteFile(h.KnownHostsFile, []byte(refused.Line+"\n"), 0o600)) // as it says
	h.until(t, "connection", stands)
}

func TestStreamSpeaksToNobodyWithAnotherKey(t *testing.T) {
	s := newTeller(t, func(*teller, int, io.Writer, io.Writer) uint32 { return 0 })
	other, _ := newSigner(t)
	h := s.stream(t)
	h.KnownHostsFile = s.knownHosts(t, other)
	h.listen(t)
	st := h.until(t, "refusal", lost)
	refused, ok := errors.AsType[*gerrit.HostKeyError](st.Err)
	if !ok || len(refused.Known) != 1 || refused.Known[0] != h.KnownHostsFile+":2" || !strings.Contains(st.Err.Error(), "has changed") {
		t.Fatalf("got %v", st.Err)
	}
	if len(s.commands) > 0 {
		t.Error("a command was sent nevertheless")
	}
}

func TestStreamAsksForTheHostKeyThatItKnows(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	h := s.stream(t)                // knows the first key only
	s.addHostKey(newECDSASigner(t)) // which clients prefer
	h.listen(t)
	if st := next(t, h.states, "state"); !st.Connected {
		t.Errorf("got %v", st.Err)
	}
}

func TestStreamTakesAKeyThatIsReplaced(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	right := s.key.Load()
	_, wrong := newSigner(t)
	s.key.Store(&wrong)
	h := s.stream(t)
	h.listen(t)
	if st := h.until(t, "refusal", lost); !strings.Contains(st.Err.Error(), "isn't one of ci-bot's at Gerrit") {
		t.Errorf("got %v", st.Err)
	}
	s.key.Store(right)
	h.until(t, "connection", stands)
}

func TestStreamSaysWhatIsWrongWithItsFiles(t *testing.T) {
	s := newTeller(t, func(*teller, int, io.Writer, io.Writer) uint32 { return 0 })
	bad := "no key at all"
	for want, breakIt := range map[string]func(*heard){
		"private key: away":           func(h *heard) { h.Key = func() (string, error) { return "", errors.New("away") } },
		"private key: ":               func(h *heard) { h.Key = func() (string, error) { return bad, nil } },
		"it has a passphrase":         func(h *heard) { h.Key = func() (string, error) { return lockedKey(t), nil } },
		"known_hosts file is missing": func(h *heard) { h.KnownHostsFile = "" },
		"no such file":                func(h *heard) { h.KnownHostsFile = "/nowhere/known_hosts" },
	} {
		h := s.stream(t)
		breakIt(h)
		h.listen(t)
		if st := h.until(t, "refusal", lost); st.Err == nil || !strings.Contains(st.Err.Error(), want) || strings.Contains(st.Err.Error(), bad) {
			t.Errorf("got %v, want %q", st.Err, want)
		}
	}
}

func TestStreamGivesUpOnAConnectThatHangs(t *testing.T) {
	s := newTeller(t, nil)
	h := s.stream(t)
	h.Addr = hanging(t)
	h.Timeout = 50 * time.Millisecond
	h.listen(t)
	if st := h.until(t, "refusal", lost); st.Err == nil {
		t.Error("no reason")
	}
}
