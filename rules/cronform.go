package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"verdict/rules/yamlfile"
)

// cronField is one of the five.
type cronField struct {
	name        string
	least, most int
	// words may stand instead of numbers, from the least on.
	words []string
}

var (
	cronFields = []cronField{
		{name: "minute", most: 59},
		{name: "hour", most: 23},
		{name: "day of the month", least: 1, most: 31},
		{name: "month", least: 1, most: 12, words: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
		{name: "day of the week", most: 6, words: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
	}
	cronNames = []string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}
)

// refuseCron says what is wrong with the form of a cron expression, and where in it; nil: nothing.
func refuseCron(text string) *finding {
	fields := wordsOf(text)
	whole := func(message, hint string) *finding {
		return &finding{length: len([]rune(text)), message: message, hint: hint}
	}
	if len(fields) == 0 {
		return whole("an empty cron expression", "'0 6 * * 1-5' is 6:00 from Monday to Friday")
	}
	switch first := strings.ToLower(fields[0].text); {
	case first == "@every":
		return whole("@every has no times of its own: each replica would count from its own start", "write fields, as in '*/10 * * * *'")
	case strings.HasPrefix(first, "@"):
		if slices.Contains(cronNames, first) && len(fields) == 1 {
			return nil
		}
		return whole(fmt.Sprintf("%s is not known", text), yamlfile.DidYouMean(first, cronNames))
	case strings.HasPrefix(first, "tz=") || strings.HasPrefix(first, "cron_tz="):
		return whole("a time zone doesn't belong into the expression", "write it as zone: Europe/Berlin beside it")
	}
	if len(fields) != len(cronFields) {
		message := fmt.Sprintf("a cron expression has five fields (minute, hour, day of the month, month, day of the week), this has %d", len(fields))
		if len(fields) == 6 {
			return whole(message, "there are no seconds")
		}
		return whole(message, "'0 6 * * 1-5' is 6:00 from Monday to Friday")
	}
	for i, word := range fields {
		if message, hint := cronFields[i].refuse(word.text); message != "" {
			return &finding{offset: word.at, length: len([]rune(word.text)), message: message, hint: hint}
		}
	}
	return nil
}

// word is one of a text, and where it begins, in characters.
type word struct {
	text string
	at   int
}

func wordsOf(text string) []word {
	var out []word
	at := 0
	for _, part := range strings.Split(text, " ") {
		if part != "" {
			out = append(out, word{part, at})
		}
		at += len([]rune(part)) + 1
	}
	return out
}

// refuse looks at one field: a list of *, values and ranges, each with a step or without.
func (f cronField) refuse(text string) (message, hint string) {
	for _, part := range strings.Split(text, ",") {
		values, step, stepped := strings.Cut(part, "/")
		if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
			return fmt.Sprintf("%q is no step in the %s", part, f.name), "*/10 is every tenth"
		}
		if values == "*" || values == "?" {
			continue
		}
		from, to, ranged := strings.Cut(values, "-")
		first, message, hint := f.value(from)
		if message != "" {
			return message, hint
		}
		if !ranged {
			continue
		}
		last, message, hint := f.value(to)
		if message != "" {
			return message, hint
		}
		if last < first {
			return fmt.Sprintf("%s ends before it begins", values), "write two, parted by a comma"
		}
	}
	return "", ""
}

// value reads a number or a name.
func (f cronField) value(text string) (n int, message, hint string) {
	if i := slices.Index(f.words, strings.ToUpper(text)); i >= 0 {
		return f.least + i, "", ""
	}
	n, err := strconv.Atoi(text)
	switch {
	case err == nil && n >= f.least && n <= f.most:
		return n, "", ""
	case err == nil && n == 7 && f.most == 6:
		hint = "Sunday is 0, or SUN"
	case err != nil && len(f.words) > 0:
		hint = "names are " + strings.Join(f.words, ", ")
	}
	return 0, fmt.Sprintf("%q is no %s, which is from %d to %d", text, f.name, f.least, f.most), hint
}
