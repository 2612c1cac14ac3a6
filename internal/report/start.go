package report

import (
	"fmt"
	"strings"
)

// firstLine is how long the first line of a notice may be.
const firstLine = 79

// BadConfig is the notice that a file of the patchset, such as .taskcluster.yml, can't be used. A line of 0 isn't told.
func BadConfig(file string, line, patchset int, why string) string {
	where := ""
	if line > 0 {
		where = fmt.Sprintf(" line %d", line)
	}
	first := fit("CI could not start: %s"+where+fmt.Sprintf(" of patch set %d", patchset), file)
	return first + "\n\n" + paragraph(why)
}

// BadTask is the notice that what was to be sent for a task, or for another kind of action, is refused.
func BadTask(kind, name string, patchset int, why string) string {
	return fit("CI could not start: "+kind+" \"%s\""+fmt.Sprintf(" of patch set %d", patchset), name) + "\n\n" + paragraph(why)
}

// MissingScopes is the notice that a task, or another kind of action, asks for scopes that its team hasn't got. contact is
// whom to ask, or empty.
func MissingScopes(kind, name string, missing []string, contact string) string {
	return tooMuch(kind, name) + "Missing: " + paragraph(strings.Join(missing, " ")) + "\n" + ask(kind, contact)
}

// TooManyScopes is the notice that the scopes which it needs don't fit into a certificate.
func TooManyScopes(kind, name string, n int, contact string) string {
	return tooMuch(kind, name) + fmt.Sprintf("It needs %d scopes at once: an administrator has to make a role for them.\n", n) + ask(kind, contact)
}

// tooMuch goes on on a second line where the name makes the first too long.
func tooMuch(kind, name string) string {
	start, asks := fit("CI could not start: "+kind+` "%s"`, name), "asks for more than this project may use"
	if whole := start + " " + asks; len([]rune(whole)) <= firstLine {
		return whole + "\n\n"
	}
	return start + "\n" + asks + "\n\n"
}

func ask(kind, contact string) string {
	if contact == "" {
		return "If you don't need it, remove that " + kind + "."
	}
	return "If you need it, ask " + contact + "; if not, remove that " + kind + "."
}

// Waits is the notice that nobody whom the team trusts stands behind the patchset. groups are those it trusts.
func Waits(groups []string) string {
	if len(groups) == 0 {
		return "CI waits for a maintainer: whoever pushed this patch set may not start it"
	}
	first := "CI waits for a maintainer: you are not in " + strings.Join(groups, " or ")
	if len([]rune(first)) > firstLine {
		first = fit("CI waits for a maintainer: you are not in %s or another trusted group", groups[0])
	}
	return first + "\n\n" + `A member comments "ok to test" to start it for this patch set.`
}

// TooLittle is the answer to an "ok to test" of somebody who isn't trusted with a task, or another kind of action. may says
// who is.
func TooLittle(kind, name, may string) string {
	return fit(`"ok to test" is not enough for `+kind+` "%s"`, name) + "\n\nThose who may: " + may + "."
}

// fit puts a name into a first line, cut so that the line is not too long.
func fit(format, name string) string {
	for n := longestName; ; n-- {
		if line := fmt.Sprintf(format, quoted(name, n)); n == 1 || len([]rune(line)) <= firstLine {
			return line
		}
	}
}

// paragraph is somebody else's explanation, on one line.
func paragraph(text string) string { return quoted(text, 2000) }
