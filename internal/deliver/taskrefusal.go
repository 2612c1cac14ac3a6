package deliver

import (
	"fmt"
	"strings"

	"verdict/internal/report"
	"verdict/rules"
)

// taskRefusal says why a task may not be created, so that nothing was sent: for the action's reason, and, as notice,
// for people on the change.
type taskRefusal interface {
	error
	// notice names whom to ask, where there is a contact.
	notice(contact string) string
}

// subject is what is refused: a task, a hook or a call, by its name.
type subject struct{ kind, name string }

func (s subject) String() string { return fmt.Sprintf("%s %q", s.kind, s.name) }

// done is the word for having it done.
func (s subject) done() string {
	if s.kind == KindTask {
		return "created"
	}
	return "sent"
}

// missingScopesError says which scopes a task needs that its team has not been granted for this cause.
type missingScopesError struct {
	of      subject
	missing []string
}

func (e *missingScopesError) Error() string {
	return fmt.Sprintf("%s needs scopes that its team has not been granted for this patchset: %s", e.of, strings.Join(e.missing, " "))
}

func (e *missingScopesError) notice(contact string) string {
	return report.MissingScopes(e.of.kind, e.of.name, e.missing, contact)
}

// untrustedError says whom no trust row fits.
type untrustedError struct {
	of  subject
	why string
	// groups are those that the team trusts.
	groups []string
}

func (e *untrustedError) Error() string {
	return fmt.Sprintf("%s may not be %s: %s", e.of, e.of.done(), e.why)
}

func (e *untrustedError) notice(string) string { return report.Waits(e.groups) }

// impossibleError says what is wrong with a definition: no scopes can be told for it, or the queue refuses it.
type impossibleError struct {
	of       subject
	patchset int
	why      error
}

func (e *impossibleError) Error() string {
	return fmt.Sprintf("%s can't be %s: %v", e.of, e.of.done(), e.why)
}

func (e *impossibleError) Unwrap() error { return e.why }

func (e *impossibleError) notice(string) string {
	return report.BadTask(e.of.kind, e.of.name, e.patchset, e.why.Error())
}

// tooManyScopesError says that the scopes which a task needs don't fit into a certificate.
type tooManyScopesError struct {
	of         subject
	team, rule string
	needs      []string
}

// Error ends with what an administrator can do.
func (e *tooManyScopesError) Error() string {
	return fmt.Sprintf("%s needs %d scopes, more than fit into a certificate, and no entry of %s' grant covers several of them; "+
		"an administrator can create the role %s with the scopes %s, and grant %s",
		e.of, len(e.needs), e.team, e.role(), strings.Join(e.needs, " "), rules.Assume+e.role())
}

func (e *tooManyScopesError) role() string { return "verdict:" + e.team + "/" + e.rule }

func (e *tooManyScopesError) notice(contact string) string {
	return report.TooManyScopes(e.of.kind, e.of.name, len(e.needs), contact)
}
