package jsone

import "fmt"

// token is a word of an expression. Its kind is "number", "string", "identifier", "" at the end, or the text
// itself for signs and keywords.
type token struct {
	kind, text string
	start, end int
}

var keywords = map[string]bool{"true": true, "false": true, "null": true, "in": true}

// signs, the longer ones first.
var signs = []string{
	"**", ">=", "<=", "==", "!=", "&&", "||",
	"+", "-", "*", "/", "[", "]", ".", "(", ")", "{", "}", ":", ",", ">", "<", "!",
}

// next reads the token at or behind an offset. Nothing behind it is looked at, since that may be plain text.
func next(source string, at int) (token, error) {
	for at < len(source) && isSpace(source[at]) {
		at++
	}
	if at == len(source) {
		return token{start: at, end: at}, nil
	}
	switch c := source[at]; {
	case isDigit(c):
		return spanned("number", source, at, numberEnd(source, at)), nil
	case isLetter(c):
		t := spanned("identifier", source, at, spanEnd(source, at, func(c byte) bool { return isLetter(c) || isDigit(c) }))
		if keywords[t.text] {
			t.kind = t.text
		}
		return t, nil
	case c == '"' || c == '\'':
		end := spanEnd(source, at+1, func(other byte) bool { return other != c })
		if end < len(source) {
			return spanned("string", source, at, end+1), nil
		}
	}
	for _, sign := range signs {
		if len(source)-at >= len(sign) && source[at:at+len(sign)] == sign {
			return spanned(sign, source, at, at+len(sign)), nil
		}
	}
	return token{}, &Error{Kind: SyntaxError, Offset: at, Message: fmt.Sprintf("Unexpected input for '%s' at '%s'", source, source[at:])}
}

func spanned(kind, source string, start, end int) token {
	return token{kind: kind, text: source[start:end], start: start, end: end}
}

// spanEnd is where bytes of a sort end.
func spanEnd(source string, at int, sort func(byte) bool) int {
	for at < len(source) && sort(source[at]) {
		at++
	}
	return at
}

func numberEnd(source string, at int) int {
	end := spanEnd(source, at, isDigit)
	if end+1 < len(source) && source[end] == '.' && isDigit(source[end+1]) {
		return spanEnd(source, end+1, isDigit)
	}
	return end
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
