package deliver

import (
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

var marker = Marker{Instance: "prod"}

const someID = "7f3k2m9q4xabcdefghjkmnpqrs"

func TestAPostEndsInItsMarkerAndIsFoundByIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringN(0, -1, 40000), 1, 3).Draw(t, "texts")
		post := marker.Compose(texts, []string{someID})
		if n := len(utf16.Encode([]rune(post))); n > maxMessage {
			t.Fatalf("%d characters: Gerrit takes %d", n, maxMessage)
		}
		if !strings.HasSuffix(post, "Verdict prod/7f3k2m9q4x") {
			t.Fatalf("no marker at the end: %q", post)
		}
		if !marker.In("Patch Set 1: Verified-1\n\n"+post, someID) {
			t.Fatal("the bot doesn't find its own post")
		}
	})
}

func TestAMarkerInTheMiddleIsSomebodysText(t *testing.T) {
	if marker.In("Verdict prod/7f3k2m9q4x\nsays the log", someID) {
		t.Error("a quoted marker was taken for a post")
	}
	if marker.In("text\nVerdict other/7f3k2m9q4x", someID) {
		t.Error("another instance's marker was taken for ours")
	}
}

func TestALongMessageIsCutAtALinesEnd(t *testing.T) {
	line := strings.Repeat("x", 99) + "\n"
	post := marker.Compose([]string{strings.Repeat(line, 400)}, []string{someID})
	for l := range strings.Lines(post) {
		if l = strings.TrimSpace(l); l != strings.TrimSpace(line) && l != "[cut]" && !strings.HasPrefix(l, "Verdict ") {
			t.Fatalf("cut within a line: %q", l)
		}
	}
}

func TestAMergedPostNamesEachAction(t *testing.T) {
	other := "b2c4d6e8f0abcdefghjkmnpqrs"
	m := Marker{Instance: "prod", DashboardURL: "https://verdict.example.org/"}
	post := m.Compose([]string{"one", "two"}, []string{someID, other})
	want := "one\n\ntwo\nVerdict prod/7f3k2m9q4x prod/b2c4d6e8f0 https://verdict.example.org/a/7f3k2m9q4x"
	if post != want {
		t.Errorf("got %q, want %q", post, want)
	}
	if !m.In(post, someID) || !m.In(post, other) {
		t.Error("an action doesn't find its post")
	}
}
