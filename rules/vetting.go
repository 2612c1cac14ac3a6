package rules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"verdict/rules/jsone"
)

// The functions through which an outsider's text may go where it runs, or is allowed something.
const (
	oneOf        = "oneOf"
	matchesWhole = "matchesWhole"
)

// vetting is what one call of them lets through.
type vetting struct {
	// values are oneOf's.
	values []string
	// whole is matchesWhole's, anchored at both ends.
	whole *regexp.Regexp
	regex string
}

// newVetting looks at what a call was written with.
func newVetting(function string, written any) (vetting, error) {
	if function == oneOf {
		values, err := writtenTexts(written)
		if err == nil && len(values) == 0 {
			err = errors.New(`takes a list of texts: oneOf(x, ["a", "b"])`)
		}
		return vetting{values: values}, err
	}
	regex, ok := written.(string)
	if !ok {
		return vetting{}, errors.New(`takes a regular expression: matchesWhole(x, "[a-z0-9-]+")`)
	}
	whole, err := wholeRegexp(regex)
	return vetting{whole: whole, regex: regex}, err
}

// writtenTexts are the texts of a list that is written out.
func writtenTexts(written any) ([]string, error) {
	list, ok := written.([]any)
	if !ok {
		return nil, errors.New(`takes a list of texts: oneOf(x, ["a", "b"])`)
	}
	var out []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("takes texts, and %v is none", item)
		}
		out = append(out, text)
	}
	return out, nil
}

// wholeRegexp compiles what a text has to be from its first character to its last: neither a line of it nor a part
// will do. What lets anything through is refused.
func wholeRegexp(regex string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(regex, syntax.Perl) // alone, or a bracket too many would end ours
	if err != nil {
		return nil, fmt.Errorf("can't read its regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if program, err := syntax.Compile(parsed.Simplify()); err != nil || len(program.Inst) > maxRegexp {
		return nil, errors.New("can't take so large a regular expression")
	}
	whole, err := regexp.Compile(`\A(?:` + regex + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("can't read its regular expression: %w", err)
	}
	for n := 4; n <= len(hostile); n++ {
		if whole.MatchString(hostile[:n]) {
			return nil, fmt.Errorf(`lets any text through with %q; write which characters it may have: "[a-z0-9-]+"`, regex)
		}
	}
	return whole, nil
}

// hostile begins with what no word holds: a regular expression that takes this takes anything.
const hostile = `/; $(x) "' | ../&<>` + "`*?{}[]!#%^~\\,=+:@/; $(x) \"' | ../&<>"

// admit gives the text if it may go through, else a *refusal.
func (v vetting) admit(x any) (string, error) {
	text, ok := x.(string)
	if ok && (v.whole != nil && v.whole.MatchString(text) || slices.Contains(v.values, text)) {
		return text, nil
	}
	return "", &refusal{why: show(x) + " " + v.wanted()}
}

func (v vetting) wanted() string {
	if v.whole != nil {
		return "is not as a whole " + v.regex
	}
	quoted := make([]string, len(v.values))
	for i, value := range v.values {
		quoted[i] = strconv.Quote(value)
	}
	return capped("is none of "+strings.Join(quoted, ", "), maxShown)
}

// refusal ends a rule quietly: a text is none that it lets through. Whoever writes the text could park the event
// otherwise.
type refusal struct {
	// at is the condition, or the call in a template, as written.
	at   string
	line int
	why  string
}

func (r *refusal) Error() string { return r.why }

// checks are what templates know beyond JSON-e.
var checks = map[string]jsone.Check{oneOf: checkOf(oneOf), matchesWhole: checkOf(matchesWhole)}

func checkOf(function string) jsone.Check {
	return func(written string, literal any) (jsone.Checked, error) {
		v, err := newVetting(function, literal)
		if err != nil {
			return jsone.Checked{}, err
		}
		call := func(x any) (any, error) {
			text, err := v.admit(x)
			var no *refusal
			if errors.As(err, &no) {
				no.at = written
			}
			return text, err
		}
		var values []any
		for _, value := range v.values {
			values = append(values, value)
		}
		return jsone.Checked{Call: call, Values: values}, nil
	}
}
