package rules_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

func TestCommandsAreLinesOfTheirOwn(t *testing.T) {
	names := []string{"recheck", "retest", "/rerun"}
	for name, test := range map[string]struct {
		message, want string // found commands, parted by |
	}{
		"alone":                      {"Patch Set 3:\n\nrecheck", "recheck"},
		"with words":                 {"Patch Set 3:\n\nrecheck shaders  windows", "recheck shaders windows"},
		"between others":             {"Patch Set 3: Verified+1\n\n(2 comments)\n\nThanks.\n\nrecheck shaders\n\nBye", "recheck shaders"},
		"with a vote":                {"Patch Set 3: Verified+1 Code-Review-1\n\nrecheck", "recheck"},
		"CRLF":                       {"Patch Set 3:\r\n\r\nrecheck shaders\r\nretest\r\n", "recheck shaders|retest"},
		"a lone CR":                  {"Patch Set 3:\r\rrecheck\rretest", "recheck|retest"},
		"blanks of all kinds":        {"Patch Set 3:\n\n\u00a0\u3000recheck\u2003shaders\u00a0\t", "recheck shaders"},
		"blanks without width":       {"Patch Set 3:\n\n\ufeffrecheck\u200b", "recheck"},
		"with a slash":               {"Patch Set 3:\n\n/rerun all", "/rerun all"},
		"several":                    {"Patch Set 3:\n\nretest\nrecheck", "retest|recheck"},
		"twice":                      {"Patch Set 3:\n\nrecheck\nrecheck \nrecheck", "recheck"},
		"twice with other words":     {"Patch Set 3:\n\nrecheck a\nrecheck b\nrecheck a", "recheck a|recheck b"},
		"a little set in":            {"Patch Set 3:\n\n   recheck", "recheck"},
		"after a block of code":      {"Patch Set 3:\n\n```\nretest\n```\nrecheck", "recheck"},
		"what looks like Gerrit's":   {"Patch Set 3:\n\nPatch Set 3: recheck", ""},
		"in Gerrit's own line":       {"Patch Set 3: recheck", ""},
		"nothing":                    {"", ""},
		"Gerrit's line alone":        {"Patch Set 3: Code-Review+2", ""},
		"within a sentence":          {"Patch Set 3:\n\nplease recheck", ""},
		"as a part of a word":        {"Patch Set 3:\n\nrechecked\nrecheck-it", ""},
		"with a stop":                {"Patch Set 3:\n\nrecheck.", ""},
		"capitals":                   {"Patch Set 3:\n\nRecheck\nRECHECK", ""},
		"another slash":              {"Patch Set 3:\n\n/recheck\nrerun", ""},
		"quoted":                     {"Patch Set 3:\n\n> recheck\n>recheck\n  > recheck\n>> recheck", ""},
		"quoted, after a wide blank": {"Patch Set 3:\n\n\u00a0> recheck", ""},
		"fenced":                     {"Patch Set 3:\n\n```sh\nrecheck\n```", ""},
		"fenced by tildes":           {"Patch Set 3:\n\n~~~\nrecheck\n```\nrecheck\n~~~", ""},
		"a fence within a fence":     {"Patch Set 3:\n\n````\n```\nrecheck\n```\nrecheck\n````", ""},
		"a fence that isn't closed":  {"Patch Set 3:\n\n```\nrecheck", ""},
		"set in as code":             {"Patch Set 3:\n\n    recheck\n\trecheck\n  \trecheck", ""},
		"in a list":                  {"Patch Set 3:\n\n- recheck\n* recheck\n1. recheck", ""},
		"in backticks":               {"Patch Set 3:\n\n`recheck`", ""},
	} {
		found, ok := rules.Commands(test.message, names)
		var got []string
		for _, c := range found {
			got = append(got, c.String())
		}
		if strings.Join(got, "|") != test.want || ok {
			t.Errorf("%s: %q has %q, ok to test %t, want %q", name, test.message, got, ok, test.want)
		}
	}
}

func TestOkToTestIsNobodysCommand(t *testing.T) {
	for message, want := range map[string]bool{
		"Patch Set 3:\n\nok to test":                  true,
		"Patch Set 3: Code-Review+1\n\nok to test":    true,
		"Patch Set 3:\n\nlooks good\n ok  to test \n": true,
		"Patch Set 3:\n\n> ok to test":                false,
		"Patch Set 3:\n\nit is ok to test":            false,
		"Patch Set 3:\n\nok to test this":             false,
		"Patch Set 3:\n\nOK to test":                  false,
		"Patch Set 3: ok to test":                     false,
	} {
		found, got := rules.Commands(message, []string{"ok"})
		if got != want || want && len(found) > 0 {
			t.Errorf("%q is ok to test: %t, want %t; commands %v", message, got, want, found)
		}
	}
}

func TestManyLinesAreNotAsManyCommands(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		b.WriteString("recheck " + strings.Repeat("x", i+1) + "\n")
	}
	if found, _ := rules.Commands(b.String(), []string{"recheck"}); len(found) != 10 || found[0].Args != "x" {
		t.Errorf("%d commands, want the first 10: %v", len(found), found)
	}
}

func TestWhatIsNearlyACommandIsOnlyWhatStandsAlone(t *testing.T) {
	names := []string{"recheck", "go", "/land"}
	for line, want := range map[string]string{
		"rechek": "recheck", "recehck": "recheck", "recheckk": "recheck", "recheek": "recheck", "Recheck": "recheck", "RECHECK": "recheck",
		"/recheck": "recheck", "/recheck shaders": "recheck", "/rechek shaders": "recheck", "land": "/land", "Go": "go",
		"recheck": "", "recheck shaders": "", "Recheck the numbers, please": "", "rechek shaders": "", "rechck me, I'm new": "",
		"rehcekc": "", "check": "", "gone": "", "got": "", "o": "", "lands": "", "> rechek": "", "    rechek": "", "": "",
	} {
		written, meant, ok := rules.Misspelt("Patch Set 3:\n\n"+line, names)
		if meant != want || ok != (want != "") || ok && !strings.HasPrefix(line, written) {
			t.Errorf("%q is meant as %q, %t, want %q", line, meant, ok, want)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	bob := rules.Asker{Account: rules.Account{Username: "bob", Email: "Bob@example.org"}}
	for _, test := range []struct {
		by    []string
		who   func(a *rules.Asker)
		want  bool
		asked int
	}{
		{by: []string{"owner"}},
		{by: []string{"owner"}, who: func(a *rules.Asker) { a.Owner = true }, want: true},
		{by: []string{"uploader"}, who: func(a *rules.Asker) { a.Owner = true }},
		{by: []string{"uploader"}, who: func(a *rules.Asker) { a.Uploader = true }, want: true},
		{by: []string{"author"}, who: func(a *rules.Asker) { a.Uploader = true }},
		{by: []string{"author"}, who: func(a *rules.Asker) { a.Author = true }, want: true},
		{by: []string{"anyone"}, want: true},
		{by: []string{"user:alice", "user:bob"}, want: true},
		{by: []string{"user:bo"}},
		{by: []string{"user:bob"}, who: func(a *rules.Asker) { a.Username = "" }},
		{by: []string{"bob@example.org"}, want: true},
		{by: []string{"bob@example.org"}, who: func(a *rules.Asker) { a.Email = "" }},
		{by: []string{"group:flashers"}, asked: 1, want: true},
		{by: []string{"group:others"}, asked: 1},
		{by: []string{"owner", "group:others", "group:flashers"}, asked: 1, want: true},
		{by: []string{"group:others", "owner"}, who: func(a *rules.Asker) { a.Owner = true }, want: true},
	} {
		who, asked := bob, 0
		if test.who != nil {
			test.who(&who)
		}
		trigger := rules.Trigger{By: test.by}
		got, err := trigger.MayAsk(who, func() ([]string, error) { asked++; return []string{"flashers"}, nil })
		if got != test.want || err != nil || asked != test.asked {
			t.Errorf("by %v: %+v may: %t, %v, want %t; groups were asked for %d times, want %d", test.by, who, got, err, test.want, asked, test.asked)
		}
	}
	broken := errors.New("the server is away")
	trigger := rules.Trigger{By: []string{"group:flashers"}}
	if may, err := trigger.MayAsk(bob, func() ([]string, error) { return []string{"flashers"}, broken }); may || !errors.Is(err, broken) {
		t.Errorf("without an answer about groups: %t, %v", may, err)
	}
}

func FuzzCommands(f *testing.F) {
	for _, seed := range []string{"Patch Set 3: Verified+1\n\n(1 comment)\n\nrecheck a b", "> recheck\r\n```\nrecheck\n```", "ok to test\n\trecheck", "\u2028recheck\u00a0x"} {
		f.Add(seed)
	}
	names := []string{"recheck", "/land"}
	f.Fuzz(func(t *testing.T, message string) {
		found, _ := rules.Commands(message, names)
		if len(found) > 10 {
			t.Errorf("%d commands", len(found))
		}
		for i, c := range found {
			if !slices.Contains(names, c.Name) || !strings.Contains(message, c.Name) || slices.Contains(found[:i], c) {
				t.Errorf("%+v of %q", c, message)
			}
			again, _ := rules.Commands("Patch Set 1:\n\n"+c.String(), names)
			if len(again) != 1 || again[0] != c {
				t.Errorf("%q is read as %v", c.String(), again)
			}
		}
		var quoted strings.Builder
		for line := range strings.Lines(strings.NewReplacer("\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(message)) {
			quoted.WriteString("> " + line)
		}
		if found, ok := rules.Commands(quoted.String(), names); len(found) > 0 || ok {
			t.Errorf("quoted, %q has %v, ok to test %t", message, found, ok)
		}
		rules.Misspelt(message, names)
	})
}
