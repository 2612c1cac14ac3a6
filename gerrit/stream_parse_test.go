package gerrit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParseEventReadsEachType(t *testing.T) {
	for _, c := range []struct {
		text string
		want Hint
	}{
		{`{"type":"comment-added","change":{"project":"demo","number":514},"project":"demo"}`, Hint{CommentAdded, "demo", 514}},
		{`{"type":"change-deleted","change":{"project":"a/b","number":7}}`, Hint{ChangeDeleted, "a/b", 7}},
		{`{"type":"patchset-created","change":{"project":"old","number":"12"}}`, Hint{PatchsetCreated, "old", 12}},
		{`{"type":"ref-updated","refUpdate":{"refName":"refs/heads/main","project":"demo"}}`, Hint{Type: "ref-updated"}},
		{`{"type":"project-created","projectName":"x","project":{"name":"x"}}`, Hint{Type: "project-created"}},
		{`{"type":"dropped-output"}`, Hint{Type: droppedOutput}},
	} {
		if got, err := ParseEvent([]byte(c.text)); err != nil || got != c.want {
			t.Errorf("%s: got %+v and %v, want %+v", c.text, got, err, c.want)
		}
	}
}

func TestParseEventRefusesWhatIsNone(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", `"type"`, "{}", `{"type":5}`, `{"type":"x","change":{}}`, `{"type":"x","change":{"number":-1}}`,
		`{"type":"x","change":{"number":1.5}}`, `{"type":"x","change":{"number":99999999999999999999}}`, `{"type":"x"} {}`, `{"type":"comment-added","chan`,
	} {
		if got, err := ParseEvent([]byte(text)); !errors.Is(err, errNoEvent) {
			t.Errorf("%q: got %+v and %v", text, got, err)
		}
	}
}

func TestReadLineSkipsWhatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", 5000)
	from := bufio.NewReaderSize(strings.NewReader("one\n"+long+"\ntwo\n"+long+long+"\n\nthree"), 16)
	for i, want := range []string{"one\n", "-", "two\n", "-", "\n"} {
		line, err := readLine(from, 1000)
		if got := string(line); err != nil || line == nil != (want == "-") || line != nil && got != want {
			t.Errorf("line %d: got %q and %v, want %q", i, got, err, want)
		}
	}
	if line, err := readLine(from, 1000); !errors.Is(err, io.EOF) {
		t.Errorf("a line that is cut off: got %q and %v", line, err)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, text := range []string{
		`{"type":"comment-added","change":{"project":"demo","number":514},"project":"demo"}`, `{"type":"x","change":{"number":"1"}}`,
		`{"type":"project-created","project":{"name":"x"}}`, `{"type":"dropped-output"}`, `{"type":"a","change":null}`, "{}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := ParseEvent(text)
		if err != nil {
			if h != (Hint{}) || !errors.Is(err, errNoEvent) {
				t.Errorf("got %+v and %v", h, err)
			}
			return
		}
		if h.Type == "" || h.Change < 0 || !json.Valid(text) {
			t.Errorf("%q is taken for %+v", text, h)
		}
		s := Stream{Hint: func(got Hint) {
			if got != h || h.Change == 0 {
				t.Errorf("hint %+v, want %+v", got, h)
			}
		}}
		s.told(bytes.Clone(text))
		if st := s.Status(); st.Events != 1 || st.Skipped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func FuzzReadLine(f *testing.F) {
	f.Add([]byte("one\ntwo\n"), 16)
	f.Add([]byte(strings.Repeat("long", 100)+"\nshort\n"), 50)
	f.Fuzz(func(t *testing.T, text []byte, limit int) {
		limit = max(1, min(limit, 1<<16))
		from := bufio.NewReaderSize(bytes.NewReader(text), 16)
		want := bytes.SplitAfter(text, []byte("\n"))
		for _, w := range want[:len(want)-1] {
			line, err := readLine(from, limit)
			if err != nil || len(w) <= limit && !bytes.Equal(line, w) || len(w) > limit && line != nil {
				t.Fatalf("got %q and %v, want %q within %d", line, err, w, limit)
			}
		}
		if line, err := readLine(from, limit); !errors.Is(err, io.EOF) {
			t.Fatalf("got %q and %v at the end", line, err)
		}
	})
}
