package deliver

import (
	"fmt"
	"strings"

	"verdict/rules"
)

// taskRefusal says why a task may not be created, so that nothing was sent: for the action's reason, and, as notice,
// for people on the change.
type taskRefusal interface {
	error
	// notice names whom to ask, where there is a contact.
	notice(contact string) string
}

// missingScopesError says which scopes a task needs that its team has not been granted for this cause.
type missingScopesError struct {
	task    string
	missing []string
}

func (e *missingScopesError) Error() string {
	return fmt.Sprintf("task %q needs scopes that its team has not been granted for this patchset: %s", e.task, strings.Join(e.missing, " "))
}

func (e *missingScopesError) notice(contact string) string {
	return fmt.Sprintf("CI could not start: task %q asks for more than this project may use\n\nMissing: %s\n%s", short(e.task), strings.Join(e.missing, " "), ask(contact))
}

func ask(contact string) string {
	if contact == "" {
		return "If you don't need it, remove that task."
	}
	return "If you need it, ask " + contact + "; if not, remove that task."
}

// untrustedError says whom no trust row fits.
type untrustedError struct{ task, why string }

func (e *untrustedError) Error() string {
	return fmt.Sprintf("task %q may not be created: %s", e.task, e.why)
}

func (e *untrustedError) notice(string) string {
	return fmt.Sprintf("CI could not start: task %q waits for a maintainer\n\n%s", short(e.task), e.why)
}

// impossibleError says what is wrong with a definition: no scopes can be told for it.
type impossibleError struct {
	task string
	why  error
}

func (e *impossibleError) Error() string {
	return fmt.Sprintf("task %q can't be created: %v", e.task, e.why)
}

func (e *impossibleError) Unwrap() error { return e.why }

func (e *impossibleError) notice(string) string {
	return fmt.Sprintf("CI could not start: task %q is not right\n\n%v", short(e.task), e.why)
}

// tooManyScopesError says that the scopes which a task needs don't fit into a certificate.
type tooManyScopesError struct {
	task, team, rule string
	needs            []string
}

// Error ends with what an administrator can do.
func (e *tooManyScopesError) Error() string {
	return fmt.Sprintf("task %q needs %d scopes, more than fit into a certificate, and no entry of %s' grant covers several of them; "+
		"an administrator can create the role %s with the scopes %s, and grant %s",
		e.task, len(e.needs), e.team, e.role(), strings.Join(e.needs, " "), rules.Assume+e.role())
}

func (e *tooManyScopesError) role() string { return "verdict:" + e.team + "/" + e.rule }

func (e *tooManyScopesError) notice(contact string) string {
	return fmt.Sprintf("CI could not start: task %q needs too many scopes at once\n\n%d scopes; a role has to be made for them.\n%s", short(e.task), len(e.needs), ask(contact))
}

// short keeps a first line under 80 characters.
func short(name string) string {
	if runes := []rune(name); len(runes) > 24 {
		return string(runes[:23]) + "…"
	}
	return name
}
