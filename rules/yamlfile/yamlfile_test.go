package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

func problemText(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p.Error())
	}
	return strings.TrimSpace(b.String())
}

func TestParseRefusesWhatYAMLWouldChange(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a tag eats a clause", "when:\n  - !change.wip\n", "f.yaml:2:5: a value that begins with ! is a YAML tag with nothing behind it, not a text; put it in quotes: '!change.wip'"},
		{"a lone !", "when:\n  - ! change.wip\n", "f.yaml:2:5: a value that begins with ! is a YAML tag with nothing behind it, not a text; put it in quotes: '! change.wip'"},
		{"a known tag", "a: !!str 7\n", "f.yaml:1:4: a value that begins with ! is a YAML tag"},
		{"an alias", "a: [*b]\n", "f.yaml:1:5: "},
		{"a pattern as alias", "files:\n  - **/*.md\n", "f.yaml:2:5: not YAML: did not find expected alphabetic or numeric character; * begins an alias: put the pattern in quotes: '**/*.md'"},
		{"a pattern in brackets", "x: 1\nfiles: [**/*.md]\n", "f.yaml:2:9: "},
		{"an anchor", "a: &x 1\n", "f.yaml:1:4: &x is an anchor, which is not allowed"},
		{"a bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "f.yaml:2:4: &b is an anchor"},
		{"a quote that ends early", "when:\n  - \"keep\" in change.hashtags\n", "f.yaml:2:5: not YAML: did not find expected '-' indicator; a text that begins with a quote ends with it: put all of it in single quotes: '\"keep\" in change.hashtags'"},
		{"an interpolation without quotes", "a: {b: ${x}}\n", "f.yaml:1:8: "},
		{"a bracket first", "when:\n  - [1, 2].exists(x, x == 1)\n", "f.yaml:2:5: not YAML: did not find expected '-' indicator; a text that begins with a bracket needs quotes: '[1, 2].exists(x, x == 1)'"},
		{"a comparison first", "when:\n  - > 3\n", "f.yaml:2:5: not YAML: did not find expected comment or line break; this character begins a block of lines: put the text in quotes: '> 3'"},
		{"single quotes first", "when:\n  - 'a' == task.name\n", "f.yaml:2:5: not YAML: did not find expected '-' indicator; inside single quotes a single quote is written twice; CEL takes double quotes for texts: '\"a\" == task.name'"},
		{"quotes at both ends", "when:\n  - \"a\" == \"b\"\n", "put all of it in single quotes: '\"a\" == \"b\"'"},
		{"double quotes around double ones", "when:\n  - \"a == \"b\"\"\n", "put all of it in single quotes: 'a == \"b\"'"},
		{"double quotes around an empty text", "when:\n  - \"a == \"\"\"\n", "put all of it in single quotes: 'a == \"\"'"},
		{"an apostrophe in single quotes", "when:\n  - 'a == \"it's\"'\n", "f.yaml:2:5: not YAML: did not find expected '-' indicator; inside single quotes a single quote is written twice; CEL takes double quotes for texts: 'a == \"it''s\"'"},
		{"a bracket that nothing ends", "rules:\n  - on: {a: b, c: [d, e]\n    do: x\n", "f.yaml:2:9: not YAML: the { that begins here doesn't end on this line; end it with }"},
		{"a bracket at the end", "rules:\n  - name: [\n    do: x\n", "f.yaml:2:11: not YAML: the [ that begins here doesn't end on this line; end it with ]"},
		{"another bracket ends it", "a: {b: [c, d}\n", "f.yaml:1:13: not YAML: } can't end what begins with [; write ] before it"},
		{"a mistake in brackets over lines", "a: {b: c,\n    d: 'e' f}\n", "f.yaml:1:1: not YAML: did not find expected ',' or '}'"},
		{"a bracket in quotes", "a: {b: '[', c: d} e\n", "f.yaml:1:1: not YAML: did not find expected key"},
		{"an apostrophe in a text", "a: 'It's red'\n", "f.yaml:1:4: not YAML: did not find expected key; inside single quotes a single quote is written twice: 'It''s red'"},
		{"a key below a dash", "do:\n  - a: hi\n  b: x\n", "f.yaml:3:3: not YAML: did not find expected '-' indicator; it begins at another column than what it belongs to: compare the blanks before it with those of the lines above"},
		{"a key too far right", "a: {b: c}\n b: x\n", "f.yaml:2:2: not YAML: did not find expected key; it begins at another column"},
		{"a dash too far left", "do:\n    - a: hi\n   - b: x\n", "f.yaml:3:4: not YAML: did not find expected key; it begins at another column"},
		{"a tab", "a:\n\tb: 1\n", "f.yaml:2:1: a tab; use spaces"},
		{"a key twice", "a: 1\nb: 2\na: 3\n", `f.yaml:3:1: the key "a" stands here a second time, first on line 1`},
		{"two documents", "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins here"},
		{"a merge", "a:\n  <<: {b: 1}\n", "f.yaml:2:3: << merges mappings"},
		{"a mapping as key", "{a: 1}: 2\n", "f.yaml:1:1: a mapping as a key"},
		{"not UTF-8", "a: \ufffdä\xff\n", "f.yaml:1:6: the file is not UTF-8; save it as UTF-8"},
		{"UTF-16", "a\x00:\x00\n\x00b\x00", "f.yaml:1:2: the character U+0000 is not allowed; the file is damaged, or UTF-16: save it as UTF-8"},
		{"a merge that isn't done", "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> 1234567\n", "f.yaml:2:1: a conflict of a merge begins here; keep one side"},
		{"a line separator", "a: b\u2028c: d\n", "f.yaml:1:5: the character U+2028 is not allowed"},
		{"a lone carriage return", "a: 1\rb: 2\n", "f.yaml:1:5: the character U+000D is not allowed; lines end with LF"},
		{"too long", strings.Repeat("#", MaxSize+1), "f.yaml:1:1: the file has 1048577 bytes"},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "f.yaml:1:66: values nested deeper than 64 levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, problems := Parse("f.yaml", []byte(test.in))
			if got := problemText(problems); !strings.Contains(got, test.want) {
				t.Errorf("Parse(%q)\n got %s\nwant %s", test.in, got, test.want)
			}
		})
	}
}

// Whoever pushes a .taskcluster.yml may write anything into it: the search for the mistake must not hold up others.
func TestTheSearchForAMistakeIsGivenUpInALargeFile(t *testing.T) {
	never := "tasks: [\n" + strings.Repeat(strings.Repeat("a, ", 85)+"\n", 990)
	_, problems := Parse("big.yml", []byte(never))
	if got := problemText(problems); !strings.HasPrefix(got, "big.yml:991:1: not YAML: ") {
		t.Errorf("of %d bytes: got %s, want the line that the parser tells", len(never), got)
	}
}

// What stands behind the place where the parser gave up is skipped: reading each beginning of the file finds no other line.
func TestTheSearchForAMistakeSkipsOnlyWhatIsNeverRead(t *testing.T) {
	good := "- {name: something, value: [one,\n    other]}\n"
	for _, bad := range []string{"x: y: z\n", "- {name: a\n", "- 'a\n", "- a\n  b: c\n", "- [a, b\n- c\n"} {
		for _, before := range []int{0, 7, 30} {
			f := File{lines: strings.Split(strings.Repeat(good, before)+bad+strings.Repeat(good, 25), "\n")}
			want := 1
			for n := range f.lines {
				var document yaml.Node
				if err := decode(yaml.NewDecoder(strings.NewReader(strings.Join(f.lines[:n], "\n"))), &document); err == nil || errors.Is(err, io.EOF) {
					want = n + 1
				}
			}
			if got, found := f.firstUnreadable(); !found || got != want {
				t.Errorf("%q behind %d: got line %d (%t), want %d", bad, before, got, found, want)
			}
		}
	}
}

func TestParseAcceptsPlainFiles(t *testing.T) {
	for _, in := range []string{"", "# nothing\n", "---\na: 1\n", "\ufeffa: 1\n", "a: 1\r\nb: 2\r\n", "on: {task: settled}\nyes: no\n"} {
		if _, problems := Parse("f.yaml", []byte(in)); len(problems) > 0 {
			t.Errorf("Parse(%q): %s", in, problemText(problems))
		}
	}
}

func TestPositionPointsIntoTheText(t *testing.T) {
	tests := []struct {
		name, in     string
		offset       int
		line, column int
	}{
		{"plain", "a: task.tagz\n", 5, 1, 9},
		{"single quotes", "a: 'task.tagz'\n", 5, 1, 10},
		{"single quotes doubled", "a: 'it''s here'\n", 5, 1, 11},
		{"double quotes", `a: "say \"x\" here"` + "\n", 8, 1, 15},
		{"block", "a: |\n  one\n  two three\n", 8, 3, 7},
		{"characters, not bytes", "a: 'ä ü ö'\n", 4, 1, 9},
		{"folded", "a: >\n  one\n  two\n", 4, 1, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, problems := Parse("f.yaml", []byte(test.in))
			if len(problems) > 0 {
				t.Fatal(problemText(problems))
			}
			line, column := f.Root.Get("a").Position(test.offset)
			if line != test.line || column != test.column {
				t.Errorf("offset %d of %q is at %d:%d, want %d:%d", test.offset, test.in, line, column, test.line, test.column)
			}
		})
	}
}

func TestCutByComment(t *testing.T) {
	tests := map[string]bool{
		"a: x # y\n":             true,
		"a: one\n  two # y\n":    true,
		"a: 'x' # y\n":           false,
		"a: x#y\n":               false,
		"a: [x, y] # z\n":        false,
		"a: one\n  two\n# y\n":   false,
		"a: |\n  x # y\n":        false,
		"a: Build #3 failed\n":   true,
		"a: one # x\nb: [two]\n": true,
	}
	for in, want := range tests {
		f, problems := Parse("f.yaml", []byte(in))
		if len(problems) > 0 {
			t.Fatal(problemText(problems))
		}
		if got := f.Root.Get("a").CutByComment(); got != want {
			t.Errorf("CutByComment of %q = %v, want %v", in, got, want)
		}
	}
}

type settings struct {
	Name   string                 `yaml:"name,required"`
	Count  int                    `yaml:"count"`
	Rate   float64                `yaml:"rate"`
	On     bool                   `yaml:"on"`
	Wait   time.Duration          `yaml:"wait"`
	Tags   []string               `yaml:"tags"`
	Range  [2]int                 `yaml:"range"`
	Nested map[string]struct{ X } `yaml:"nested"`
	Raw    *Node                  `yaml:"raw"`
	Any    any                    `yaml:"any"`
}

type X struct {
	Deep int `yaml:"deep"`
}

func TestDecodeFillsAndKeepsDefaults(t *testing.T) {
	var got struct {
		Name   string        `yaml:"name,required"`
		Count  int           `yaml:"count"`
		Wait   time.Duration `yaml:"wait"`
		Range  [2]int        `yaml:"range"`
		Rate   float64       `yaml:"rate"`
		Nested map[string]*X `yaml:"nested"`
		Any    any           `yaml:"any"`
	}
	got.Count, got.Wait = 7, time.Hour
	f, _ := Parse("f.yaml", []byte("name: 1.10\nwait: 30 days\nrange: [-1, 1]\nrate: 0.50\nnested: {a: {deep: 3}}\nany: {n: 1, f: 1.5, d: 2026-01-02, l: [yes, null]}\n"))
	if problems := Decode(f.Root, &got); len(problems) > 0 {
		t.Fatal(problemText(problems))
	}
	if got.Name != "1.10" || got.Count != 7 || got.Wait != 30*24*time.Hour || got.Range != [2]int{-1, 1} || got.Rate != 0.5 || got.Nested["a"].Deep != 3 {
		t.Errorf("got %+v", got)
	}
	want := map[string]any{"n": int64(1), "f": 1.5, "d": "2026-01-02", "l": []any{"yes", nil}}
	if !reflect.DeepEqual(got.Any, want) {
		t.Errorf("any = %#v, want %#v", got.Any, want)
	}
}

func TestDecodeReportsAllAtOnce(t *testing.T) {
	tests := []struct{ in, want string }{
		{"nmae: x\n", "f.yaml:1:1: no key \"nmae\" here; did you mean name?"},
		{"wait: 1s\n", "f.yaml:1:1: the key \"name\" is missing"},
		{"name: a\ncount: 1.5\non: yes\n", "f.yaml:2:8: a whole number is wanted here, not a number (1.5)\nf.yaml:3:5: true or false is wanted here, not a text (yes)"},
		{"name: a\ncount: 0777\n", "f.yaml:2:8: a whole number is wanted here, not a whole number (0777)"},
		{"name:\n", "f.yaml:1:6: no value is written here; write one, or take the key away"},
		{"name: a\nwait: 3 months\n", "f.yaml:2:7: \"3 months\": a month has no fixed length, write days"},
		{"name: a\nwait: soon\n", "f.yaml:2:7: \"soon\": a duration is written like 90s, 24h or 30 days"},
		{"name: a\ntags: x\n", "f.yaml:2:7: a list is wanted here, not a text (x)"},
		{"name: a\nrange: [1]\n", "f.yaml:2:8: a list of 2 is wanted here, not a list"},
		{"name: a\nany: {v: 1.10, m: 0777}\n", "f.yaml:2:10: 1.10 is a number that YAML would change; a text needs quotes: '1.10'; a number is written as JSON does\nf.yaml:2:19: 0777 is a number that YAML would change; a text needs quotes: '0777'; a number is written as JSON does"},
		{"[a]\n", "f.yaml:1:1: a mapping is wanted here, not a list"},
	}
	for _, test := range tests {
		f, _ := Parse("f.yaml", []byte(test.in))
		if got := problemText(Decode(f.Root, &settings{})); got != test.want {
			t.Errorf("Decode(%q)\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := map[string]time.Duration{
		"90s": 90 * time.Second, "24h": day, "1h30m": 90 * time.Minute, "30 days": 30 * day, "2 hours 5 minutes": 125 * time.Minute, "1 week": 7 * day, "5m": 5 * time.Minute, "0": 0,
	}
	for in, want := range tests {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1h", "1 month", "2 years", "5", "days", "1 fortnight", "99999999999 weeks"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, in := range []string{"", "a: 1\n", "- !x\n", "a: &b [*b]\n", "{[", "a: |\n x\n", "? a\n: b\n", "'a''b': \"\\n\"\n", "a: 1.10\n---\n"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		file, problems := Parse("f.yaml", in)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 {
				t.Errorf("Parse(%q): a problem without a place: %s", in, p)
			}
		}
		if file.Root == nil || len(problems) > 0 {
			return
		}
		visit(file.Root, func(n *Node) {
			if line, column := n.Position(0); line < 1 || column < 1 {
				t.Errorf("Parse(%q): %q is at %d:%d", in, n.Text, line, column)
			}
			n.CutByComment()
		})
		file.Root.Value()
		Decode(file.Root, &settings{})
	})
}

func visit(n *Node, do func(*Node)) {
	do(n)
	for _, item := range n.Items {
		visit(item, do)
	}
	for _, e := range n.Entries {
		visit(e.Value, do)
	}
}
