package deliver

import (
	"slices"
	"strings"
	"unicode/utf16"

	"verdict/gerrit"
)

// maxMessage is Gerrit's limit on a change message (change.commentSizeLimit), in characters as Java counts them:
// one beyond the Basic Multilingual Plane, such as most emoji, is two.
const maxMessage = gerrit.MaxMessage

// MarkerLength is how many characters of an action's id stand in its marker.
const MarkerLength = 10

// Marker is the line that every post ends in: it tells the bot its own posts, even after it lost its memory.
type Marker struct {
	Instance     string
	DashboardURL string
}

// Of gives the word by which the post of an action is found again: "<instance>/<first 10 characters of id>".
func (m Marker) Of(actionID string) string {
	return m.Instance + "/" + actionID[:min(MarkerLength, len(actionID))]
}

// Line is the marker line for the actions that one post carries.
func (m Marker) Line(actionIDs []string) string {
	var b strings.Builder
	b.WriteString("Verdict")
	for _, id := range actionIDs {
		b.WriteString(" " + m.Of(id))
	}
	if m.DashboardURL != "" && len(actionIDs) > 0 {
		b.WriteString(" " + strings.TrimRight(m.DashboardURL, "/") + "/a/" + actionIDs[0][:min(MarkerLength, len(actionIDs[0]))])
	}
	return b.String()
}

// Compose joins the texts of one post and ends it in its marker, within Gerrit's limit: what is too long is
// cut at a line's end, never the marker.
func (m Marker) Compose(texts, actionIDs []string) string {
	line := m.Line(actionIDs)
	body := cut(strings.Join(trimmed(texts), "\n\n"), maxMessage-length(line)-2)
	if body == "" {
		return line
	}
	return body + "\n" + line
}

// In tells whether a message of ours carries the action: its last line is a marker that names it.
func (m Marker) In(message, actionID string) bool {
	message = strings.TrimRight(message, " \n")
	fields := strings.Fields(message[strings.LastIndexByte(message, '\n')+1:])
	return len(fields) > 1 && fields[0] == "Verdict" && slices.Contains(fields[1:], m.Of(actionID))
}

func trimmed(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// cut shortens text to at most n characters, at a line's end where there is one in its second half.
func cut(text string, n int) string {
	if length(text) <= n {
		return text
	}
	const ellipsis = "\n[cut]"
	keep := prefix(text, n-len(ellipsis))
	if i := strings.LastIndexByte(keep, '\n'); i > len(keep)/2 {
		keep = keep[:i]
	}
	return keep + ellipsis
}

// length counts characters as Gerrit does.
func length(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// prefix is the beginning of a text, of at most n characters.
func prefix(text string, n int) string {
	for i, r := range text {
		if n -= utf16.RuneLen(r); n < 0 {
			return text[:i]
		}
	}
	return text
}
