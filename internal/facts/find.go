package facts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"verdict/gerrit"
	"verdict/internal/store"
)

// RefusedError says why a server didn't take a query. Asking again won't help.
type RefusedError struct{ Server, Why string }

func (e *RefusedError) Error() string { return e.Server + " refuses it: " + e.Why }

// mostLooked is how many changes a query may give of which none is wanted, before it is given up.
const mostLooked = 20_000

// Find gives the changes that a query finds on a server, the last updated first, of those that are wanted: at most so
// many. more says that there were others. Each is linked to its current patchset. The scope is what is asked for at all;
// the answer is looked at whatever the query says.
func (f *Session) Find(ctx context.Context, server, query string, scope gerrit.Scope, atMost int, wanted func(project, branch string) bool) (found []store.Link, more bool, err error) {
	g, ok := f.s.Gerrit[server]
	if !ok {
		return nil, false, &RefusedError{server, "the configuration has no such Gerrit"}
	}
	looked := 0
	for c, err := range g.AllChanges(ctx, within(query, scope), gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION", "SKIP_DIFFSTAT"}}) {
		if refusedQuery(err) {
			return nil, false, &RefusedError{server, said(err)}
		}
		if err != nil {
			return nil, false, fmt.Errorf("query %q of %s: %w", query, server, err)
		}
		looked++
		switch {
		case !wanted(c.Project, c.Branch):
		case len(found) == atMost:
			return found, true, nil
		default:
			found = append(found, store.Link{
				Server: server, Change: c.ChangeNumber, Patchset: c.Revisions[c.CurrentRevision].PatchSetNumber, Revision: c.CurrentRevision,
				Project: c.Project, Branch: c.Branch,
			})
		}
		if looked == mostLooked {
			return found, true, nil
		}
	}
	return found, false, nil
}

// within is a query, asked of some projects only.
func within(query string, scope gerrit.Scope) string {
	if text := scope.Query(); text != "" {
		return "(" + query + ") (" + text + ")"
	}
	return query
}

// said is what a server says of a query that it refuses: its first line.
func said(err error) string {
	var answer *gerrit.HTTPError
	if !errors.As(err, &answer) {
		return err.Error()
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(answer.Body)), "\n")
	return line
}
