package yamlfile

import (
	"fmt"
	"strings"
	"unicode"
)

// needsEscape says whether a text can't stand as it is on one line of a file that Parse reads.
func needsEscape(text string) bool { return strings.ContainsFunc(text, escaped) }

func escaped(r rune) bool {
	return r < ' ' || r == 0x7f || !unicode.IsPrint(r) && r != ' ' && !unicode.IsSpace(r) || r == 0x85 || r == 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
}

// doubleQuoted is a text between double quotes, with escapes.
func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case escaped(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case escaped(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
