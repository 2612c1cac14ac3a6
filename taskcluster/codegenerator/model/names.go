package model

import (
	"go/token"
	"strings"
	"unicode"
)

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]bool{
	"api": true, "arm": true, "aws": true, "cpu": true, "css": true, "db": true, "dsn": true, "ebs": true, "gcp": true, "html": true, "http": true,
	"https": true, "id": true, "ip": true, "json": true, "md5": true, "oidc": true, "os": true, "sas": true, "sha": true, "sha256": true, "sha512": true, "sqs": true,
	"ssh": true, "tls": true, "ttl": true, "ui": true, "uri": true, "url": true, "uuid": true, "vm": true,
}

// ExportedName is the name of a Go type, field or method for a name on the wire
// or in words: TaskID for taskId, ListTaskGroupResponse for
// list-task-group-response.
func ExportedName(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		b.WriteString(exportedWord(word))
	}
	if b.Len() == 0 {
		return "Empty"
	}
	if c := b.String()[0]; c >= '0' && c <= '9' {
		return "N" + b.String()
	}
	return b.String()
}

// ParameterName is the name of a Go parameter for a name on the wire: taskID
// for taskId. It is no keyword and none of those taken.
func ParameterName(name string, taken ...string) string {
	parts := words(name)
	var b strings.Builder
	for i, word := range parts {
		if i == 0 {
			b.WriteString(strings.ToLower(word))
			continue
		}
		b.WriteString(exportedWord(word))
	}
	parameter := b.String()
	if parameter == "" || token.IsKeyword(parameter) || (parameter[0] >= '0' && parameter[0] <= '9') {
		parameter = "the" + ExportedName(name)
	}
	for _, other := range taken {
		if parameter == other {
			return "the" + ExportedName(name)
		}
	}
	return parameter
}

func exportedWord(word string) string {
	lower := strings.ToLower(word)
	if initialisms[lower] {
		return strings.ToUpper(word)
	}
	if one, ok := strings.CutSuffix(lower, "s"); ok && initialisms[one] {
		return strings.ToUpper(one) + "s"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// words splits at what is neither letter nor digit, before a capital after a
// small letter, and before the last capital of several if a small letter follows.
// What isn't ASCII is left out.
func words(name string) []string {
	var all []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			all = append(all, string(word))
		}
		word = nil
	}
	runes := []rune(name)
	for i, r := range runes {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		if unicode.IsUpper(r) && len(word) > 0 {
			followed := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(runes[i-1]) || followed && !(runes[i+1] == 's' && i+2 == len(runes)) {
				end()
			}
		}
		word = append(word, r)
	}
	end()
	return all
}

// Singular is the name of one of several: run for runs. Words that it doesn't
// know the singular of get "item" behind them.
func Singular(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, "ies"):
		return name[:len(name)-3] + "y"
	case strings.HasSuffix(lower, "sses"), strings.HasSuffix(lower, "shes"), strings.HasSuffix(lower, "ches"), strings.HasSuffix(lower, "statuses"):
		return name[:len(name)-2]
	case strings.HasSuffix(lower, "s") && !strings.HasSuffix(lower, "ss") && !strings.HasSuffix(lower, "us"):
		return name[:len(name)-1]
	}
	return name + "Item"
}
