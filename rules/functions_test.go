package rules_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/rules"
)

const functionRules = `
rules:
  - name: r
    on: {command: build}
    let:
      os: 'oneOf(command.args, ["linux", "windows"])'
    when: ['CLAUSE']
    do:
      - task:
          taskQueueId: 'QUEUE'
          deadline: {$fromNow: 1 hour}
          metadata: {name: a, description: a}
          payload: {}
`

func withCommand(args any) rules.Input {
	return rules.Input{
		Event: map[string]any{"free": args},
		Facts: map[string]any{
			"command": map[string]any{"name": "build", "args": args},
			"change":  map[string]any{"branch": args, "updated": time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
		Now: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}
}

// decided is what comes of a clause and a task's queue: the queue, or where the rule stops and why.
func decided(t *testing.T, clause, queue string, in rules.Input) string {
	t.Helper()
	text := strings.NewReplacer("CLAUSE", clause, "QUEUE", queue).Replace(functionRules)
	d, err := mustLoad(t, text).Rules()[0].Evaluate(in)
	if err != nil {
		return "error: " + err.Error()
	}
	if d.Matched {
		return d.Actions[0].Task["taskQueueId"].(string)
	}
	if len(d.Actions) > 0 {
		t.Errorf("stopped with %d actions", len(d.Actions))
	}
	last := d.Clauses[len(d.Clauses)-1]
	if last.Held || last.Line == 0 || last.Error != "" {
		t.Errorf("the last line of the explanation is %+v", last)
	}
	return "stops at " + d.Stopped + " | " + last.Text + " | " + last.Value
}

func TestWhatIsLetThrough(t *testing.T) {
	const both = `oneOf(command.args, ["linux", "windows"])`
	const word = `matchesWhole(command.args, "[a-z]+|v[0-9]")`
	stops := func(at, why string) string { return "stops at " + at + " | " + at + " | " + why }
	tests := []struct {
		name, clause, queue string
		args                any
		want                string
	}{
		{"one of the list, in a template", `true`, `q/${` + both + `}`, "linux", "q/linux"},
		{"none of the list, in a template", `true`, `q/${` + both + `}`, "mac", stops(both, `"mac" is none of "linux", "windows"`)},
		{"a line more", `true`, `q/${` + both + `}`, "linux\nrm -rf", stops(both, `"linux\nrm -rf" is none of "linux", "windows"`)},
		{"other capitals", `true`, `q/${` + both + `}`, "Linux", stops(both, `"Linux" is none of "linux", "windows"`)},
		{"no text", `true`, `q/${` + both + `}`, int64(7), stops(both, `7 is none of "linux", "windows"`)},
		{"a let in a template", `true`, `q/${os}`, "windows", "q/windows"},
		{"a let in a template, refused", `true`, `q/${os}`, "mac", stops(both, `"mac" is none of "linux", "windows"`)},
		{"a let in a clause", `os == "linux"`, `q/q`, "linux", "q/q"},
		{"a clause that is false", `os == "linux"`, `q/q`, "windows", `stops at os == "linux" | os == "linux" | false`},
		{"a let in a clause, refused", `os == "linux"`, `q/q`, "mac", "stops at " + both + ` | os == "linux" | "mac" is none of "linux", "windows"`},
		{"a clause, refused", both + ` != ""`, `q/q`, "mac", stops(both+` != ""`, `"mac" is none of "linux", "windows"`)},
		{"what isn't needed", `true || ` + both + ` == "linux"`, `q/q`, "mac", "q/q"},
		{"calls in each other", `true`, `q/${oneOf(oneOf(command.args, ["a", "b"]) + "c", ["ac"])}`, "a", "q/ac"},
		{"calls in each other, refused outside", `true`, `q/${oneOf(oneOf(command.args, ["a", "b"]) + "c", ["ac"])}`, "b",
			stops(`oneOf(oneOf(command.args, ["a", "b"]) + "c", ["ac"])`, `"bc" is none of "ac"`)},

		{"the whole", `true`, `q/${` + word + `}`, "linux", "q/linux"},
		{"the other branch", `true`, `q/${` + word + `}`, "v1", "q/v1"},
		{"the begin alone", `true`, `q/${` + word + `}`, "linux;rm", stops(word, `"linux;rm" is not as a whole [a-z]+|v[0-9]`)},
		{"the end alone", `true`, `q/${` + word + `}`, ";linux", stops(word, `";linux" is not as a whole [a-z]+|v[0-9]`)},
		{"the begin of the other branch", `true`, `q/${` + word + `}`, "v1;rm", stops(word, `"v1;rm" is not as a whole [a-z]+|v[0-9]`)},
		{"another line", `true`, `q/${` + word + `}`, "linux\nrm -rf", stops(word, `"linux\nrm -rf" is not as a whole [a-z]+|v[0-9]`)},
		{"the end of a line", `true`, `q/${` + word + `}`, "linux\n", stops(word, `"linux\n" is not as a whole [a-z]+|v[0-9]`)},
		{"nothing", `true`, `q/${` + word + `}`, "", stops(word, `"" is not as a whole [a-z]+|v[0-9]`)},
		{"lines by a flag", `matchesWhole(command.args, "(?m)^linux$") != ""`, `q/q`, "linux\nrm -rf",
			stops(`matchesWhole(command.args, "(?m)^linux$") != ""`, `"linux\nrm -rf" is not as a whole (?m)^linux$`)},
		{"the end of a line by a sign", `matchesWhole(command.args, "linux$") != ""`, `q/q`, "linux\n",
			stops(`matchesWhole(command.args, "linux$") != ""`, `"linux\n" is not as a whole linux$`)},
		{"in a condition", `matchesWhole(command.args, "[a-z]+") == "a"`, `q/q`, "a", "q/q"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := decided(t, test.clause, test.queue, withCommand(test.args)); got != test.want {
				t.Errorf("%s, %s of %q\n got %s\nwant %s", test.clause, test.queue, test.args, got, test.want)
			}
		})
	}
}

// Somebody who writes a payload could park events by what is no text.
func TestPayloadThatIsNoTextIsRefused(t *testing.T) {
	for _, clause := range []string{`oneOf(event.free, ["a"]) == "a"`, `matchesWhole(event.free, "[a-z]+") == "a"`} {
		r := mustLoad(t, "rules: [{name: r, on: {exchange: exchange/other/v1/thing}, when: ['"+clause+"'], do: [{task: {taskQueueId: a/b, deadline: x, payload: {}, metadata: {name: x, description: x}}}]}]").Rules()[0]
		for _, free := range []any{int64(7), []any{"a"}, map[string]any{}, true, nil, "b;"} {
			d, err := r.Evaluate(rules.Input{Event: map[string]any{"free": free}})
			if err != nil || d.Stopped != clause || d.Clauses[0].Error != "" {
				t.Errorf("%s of %#v: %+v, %v", clause, free, d, err)
			}
		}
		if d, err := r.Evaluate(rules.Input{Event: map[string]any{"free": "a"}}); err != nil || !d.Matched {
			t.Errorf("%s of a: %+v, %v", clause, d, err)
		}
	}
}

// What a `while` stops at is no answer: the vote stays as it is.
func TestWhileThatIsRefusedTakesNothingBack(t *testing.T) {
	set := mustLoad(t, `
rules:
  - name: r
    on: {command: build}
    do:
      - vote: {Verified: -1}
        while: 'oneOf(command.args, ["on", "off"]) == "on"'
`)
	for args, want := range map[string]string{"on": "stands", "off": "taken back", "?": "stopped"} {
		d, err := set.Rules()[0].Evaluate(withCommand(args))
		if err != nil {
			t.Fatal(err)
		}
		got := "stopped"
		if len(d.Opinions) > 0 {
			got = map[bool]string{true: "stands", false: "taken back"}[d.Opinions[0].Stands]
		}
		if got != want || d.Matched != (want != "stopped") {
			t.Errorf("build %s: %s, matched %t; want %s", args, got, d.Matched, want)
		}
	}
}

func TestPatternsThatLetEverythingThrough(t *testing.T) {
	for _, pattern := range []string{".*", ".+", "(?s).*", "[^a]*", "^.*$", ".{1,40}", ".{4}", "a|.*", "", "[^x]+", "[a-z]+", `\\S+`, "[^/]+", ".", "[a-z ]*", "v[0-9]+[.][0-9]+"} {
		text := strings.NewReplacer("CLAUSE", `matchesWhole(command.args, "`+pattern+`") == "x"`, "QUEUE", "q/q").Replace(functionRules)
		_, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
		refused := len(found) > 0 && strings.Contains(found[0].Message, "lets any text through")
		fine := []string{"", "[a-z]+", `\\S+`, "[^/]+", ".", "[a-z ]*", "v[0-9]+[.][0-9]+"}
		if want := !slices.Contains(fine, pattern); refused != want {
			t.Errorf("%s: refused %t, want %t: %v", pattern, refused, want, found)
		}
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		patterns, text string
		want           bool
	}{
		{`"release/*"`, "release/1", true},
		{`"release/*"`, "release/1/2", false},
		{`"release/*"`, "xrelease/1", false},
		{`"release/**"`, "release/1/2", true},
		{`["main", "release/*"]`, "main", true},
		{`["main", "release/*"]`, "maint", false},
		{`["release/*", "!release/1"]`, "release/1", false},
		{`["!release/1", "release/*"]`, "release/1", false},
		{`["release/*", "!release/1"]`, "release/2", true},
		{`"!main"`, "main", false},
		{`"!main"`, "other", true},
	}
	for _, test := range tests {
		got := decided(t, `change.branch.glob(`+test.patterns+`)`, "q/q", withCommand(test.text))
		if (got == "q/q") != test.want {
			t.Errorf("%q.glob(%s): %s", test.text, test.patterns, got)
		}
	}
}

func TestTimeIsCompared(t *testing.T) {
	for clause, want := range map[string]bool{
		`now - change.updated > duration("720h")`:               true,
		`now - change.updated > duration("744h")`:               false,
		`change.updated + duration("744h") == now`:              true,
		`change.updated < timestamp("2026-01-01T00:00:01Z")`:    true,
		`now.getDayOfWeek() == 0`:                               true,
		`now.getHours("Europe/Berlin") == 1`:                    true,
		`(now - change.updated).getHours() == 31 * 24`:          true,
		`timestamp("2026-02-01T01:00:00+01:00") > now`:          false,
		`now - change.updated > duration("1h30m") && "a" != ""`: true,
	} {
		if got := decided(t, clause, "q/q", withCommand("a")); (got == "q/q") != want {
			t.Errorf("%s: %s", clause, got)
		}
	}
}

// Long texts in loops are counted: a rule can't keep the bot busy by them.
func TestFunctionsInLoopsCostWhatTheyRead(t *testing.T) {
	in := withCommand(strings.Repeat("a\n", 2000))
	for _, clause := range []string{
		`[1,2,3,4,5,6,7,8].all(a, [1,2,3,4,5,6,7,8].all(b, [1,2,3,4,5,6,7,8].all(c, [1,2,3,4,5,6,7,8].all(d, CALL))))`,
	} {
		for _, call := range []string{`matchesWhole(command.args, "[a\\n]+") != "b"`, `oneOf(command.args + "", ["x"]) == "a" || true`, `!command.args.glob("*b")`, `command.args.lines().size() > 1`} {
			text := strings.NewReplacer("CLAUSE", strings.Replace(clause, "CALL", call, 1), "QUEUE", "q/q").Replace(functionRules)
			_, err := mustLoad(t, text).Rules()[0].Evaluate(in)
			var failed *rules.EvalError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), "too much work") {
				t.Errorf("%s: %v, want an error that says it takes too much work", call, err)
			}
		}
	}
}
