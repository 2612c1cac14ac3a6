package deliver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"verdict/gerrit"
	"verdict/internal/ingest"
	"verdict/internal/report"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster/scopes"
)

// waitsError says that somebody else's word would start what the people behind a patchset may not.
type waitsError struct {
	of  subject
	why error
	// who are those whose word counts, known how many have spoken, of whom it didn't.
	who   []string
	known int
	// short are those of them whom the team trusts, and not with this.
	short []shortWord
}

// shortWord is an "ok to test" of somebody who may not start what waits.
type shortWord struct {
	store.OkToTest
	missing []string
}

func (e *waitsError) Error() string {
	text := fmt.Sprintf("%s waits for somebody of %s to comment %q: %v", e.of, strings.Join(e.who, ", "), rules.OkToTest, e.why)
	for _, s := range e.short {
		text += fmt.Sprintf("; the word of %s (account %d) is not enough, without %s", s.Username, s.Account, strings.Join(s.missing, " "))
	}
	return text
}

func (e *waitsError) Unwrap() error { return e.why }

func (e *waitsError) notice(string) string {
	var names []string
	for _, who := range e.who {
		if group, ok := strings.CutPrefix(who, "group:"); ok {
			names = append(names, group)
		}
	}
	return report.Waits(names)
}

// released asks whether somebody who is trusted with what a call takes has said "ok to test" of its patchset: then it is
// signed with that one's grant, which is looked up now. Where nobody has, and somebody could, it is a waitsError.
func (r *laneRun) released(ctx context.Context, w work, team *rules.Team, of subject, needed func(granted []string) ([]string, error), refused error) (signature, error) {
	said, err := r.d.Store.OkToTests(ctx, w.Server, w.Change, w.Revision)
	if err != nil {
		return signature{}, err
	}
	var short []shortWord
	for _, o := range said {
		who, err := r.d.People.Account(ctx, w.Server, &gerrit.EventAccount{ID: o.Account, Username: o.Username, Email: o.Email})
		if err != nil {
			return signature{}, fmt.Errorf("ask for the groups of account %d, who said %q: %w", o.Account, rules.OkToTest, err)
		}
		granted, ok := team.Releases(who)
		if !ok {
			continue
		}
		sign, err := r.signWith(w, team, of, granted, needed)
		if lacking := (*missingScopesError)(nil); errors.As(err, &lacking) {
			short = append(short, shortWord{o, lacking.missing})
			continue
		}
		if err == nil {
			sign.ReleasedBy = fmt.Sprintf("%s (account %d)", o.Username, o.Account)
		}
		return sign, err
	}
	able := team.Releasers(func(granted []string) bool {
		need, err := needed(granted)
		return err == nil && len(scopes.Missing(granted, need)) == 0
	})
	if len(able) == 0 {
		return signature{}, refused
	}
	return signature{}, &waitsError{of: of, why: refused, who: able, known: len(said), short: short}
}

// wait has an action wait for an "ok to test", and the change's people told whose, once a patchset and team, and whoever
// said it and may not, once. The notices are written before the action waits, so that no crash keeps them back.
func (r *laneRun) wait(ctx context.Context, w work, waits *waitsError) (store.Outcome, error) {
	args := Args{Status: w.args.Status, Message: waits.notice(""), Notify: gerrit.NotifyOwner}
	version, body, err := args.Encode()
	if err != nil {
		return store.Outcome{}, err
	}
	a := store.Action{
		ID:      ingest.ID("action", "waits", w.Server, fmt.Sprint(w.Change), w.Revision, w.Team),
		EventID: w.EventID, Team: w.Team, Rule: w.Rule, Key: "waits", Kind: KindComment, State: store.ActionPending, Lane: w.Lane,
		Server: w.Server, Change: w.Change, Patchset: w.Patchset, Revision: w.Revision, Project: w.Project, Branch: w.Branch,
		ArgsVersion: version, Args: body,
	}
	actions := []store.Action{a}
	for _, s := range waits.short {
		text := report.TooLittle(waits.of.kind, waits.of.name, rules.SayBy(waits.who))
		answer, err := Answer(store.Action{
			EventID: s.EventID, Team: w.Team, Rule: w.Rule, Key: "refused", Lane: w.Lane,
			Server: w.Server, Change: w.Change, Project: w.Project, Branch: w.Branch,
		}, text, s.Account)
		if err != nil {
			return store.Outcome{}, err
		}
		actions = append(actions, answer)
	}
	if err := r.d.Store.AddActions(ctx, actions); err != nil {
		return store.Outcome{}, fmt.Errorf("add the notice of a task that waits: %w", err)
	}
	o := outcome(w.Action, store.ActionWaiting, waits.Error())
	o.OkToTests = waits.known
	return o, nil
}
