package report

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// longestName is how much of a task's name a line shows.
const longestName = 100

// reasons say why a run ended, where Taskcluster's own word isn't how people say it.
var reasons = map[string]string{
	"worker-shutdown":   "worker shut down",
	"claim-expired":     "worker was lost",
	"intermittent-task": "gave up for an intermittent fault",
	"internal-error":    "the worker's own error",
	"canceled":          "was cancelled",
}

func words(reason string) string {
	if said, ok := reasons[reason]; ok {
		return said
	}
	return quoted(strings.ReplaceAll(reason, "-", " "), longestName)
}

// ended says how a failed run ended. Its exit code is in its log only, which isn't read.
func ended(t Task) string {
	if t.Never {
		return "could not run: what it needs didn't complete"
	}
	how := words(t.Reason)
	if t.Reason == "" {
		how = t.State
	}
	if t.Took > 0 {
		how += " after " + took(t.Took)
	}
	return how
}

func retried(t Task) string {
	switch {
	case t.Run < 1:
		return ""
	case t.Run == 1:
		return " (retried once)"
	}
	return fmt.Sprintf(" (retried %d times)", t.Run)
}

// took is a duration as people say it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	if min := int(d.Minutes()) % 60; min > 0 {
		return fmt.Sprintf("%d h %d min", int(d.Hours()), min)
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		suffix = map[int]string{1: "st", 2: "nd", 3: "rd"}[n%10]
	}
	if suffix == "" {
		suffix = "th"
	}
	return fmt.Sprint(n) + suffix
}

// quoted is an outsider's text as a part of a line: without line breaks, cut, and with what Gerrit's markdown would take
// for markup made plain.
func quoted(text string, n int) string { return plain(cut(oneLine(text), n)) }

func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text))
}

// cut keeps at most n characters.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// plain puts a backslash before markup: everywhere before what is always some, at the beginning before what makes lists,
// headings and quotes, and before _ where it isn't within a word. Names as people give them stay as they are.
func plain(text string) string {
	runes := []rune(text)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case strings.ContainsRune("*`[]<\\~", r),
			i == 0 && strings.ContainsRune("#>+-=|", r),
			r == '_' && !(within(runes, i-1) && within(runes, i+1)):
			b.WriteByte('\\')
		case i > 0 && (r == '.' || r == ')') && isNumber(runes[:i]):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func within(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
}

func isNumber(runes []rune) bool {
	for _, r := range runes {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return len(runes) > 0
}
