package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func printed(p *Printer, s Summary) string {
	var out strings.Builder
	p.Out = &out
	p.Begin()
	p.Sight(Sight{At: p.began.Add(1250 * time.Millisecond), What: "a build fails"})
	p.Sight(Sight{At: p.began.Add(2 * time.Second), Change: 3, Who: theBot, What: "votes Verified -1", Good: -1})
	p.End(s)
	return out.String()
}

func TestPrinterIsReadable(t *testing.T) {
	got := printed(&Printer{}, Summary{Events: 9, Matched: 4, Votes: 2, Comments: 1, Stories: 1})
	for _, want := range []string{
		"  1.2 s  A story begins: a build fails.\n",
		"  2.0 s  change 3   the bot     votes Verified -1\n",
		"nothing lost, nothing twice.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("there are colours in\n%q", got)
	}
	if got := printed(&Printer{Colour: true}, Summary{}); !strings.Contains(got, red+"votes Verified -1"+plain) {
		t.Errorf("there are no colours in\n%q", got)
	}
}

func TestPrinterTellsWhatWentWrong(t *testing.T) {
	got := printed(&Printer{}, Summary{
		Lost: 1, Duplicated: 1, Folder: "/tmp/x", Difference: Difference{Lost: []string{"change 1: a"}, Duplicated: []string{"change 2: b"}},
	})
	for _, want := range []string{"lost:       change 1: a\n", "duplicated: change 2: b\n", "1 lost, 1 duplicated", "/tmp/x"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestPrinterEndsInOneLineOfFigures(t *testing.T) {
	got := printed(&Printer{JSON: true}, Summary{Events: 9, Matched: 4, Votes: 2, Comments: 1, Hashtags: 3, Tasks: 5, Stories: 1})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q is not JSON", line)
		}
	}
	want := `{"events":9,"matched":4,"votes":2,"comments":1,"hashtags":3,"tasks":5,"lost":0,"duplicated":0}`
	if last := lines[len(lines)-1]; last != want {
		t.Errorf("the last line\n got %s\nwant %s", last, want)
	}
}
