package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"verdict/rules"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

// createTask is what makes a task, as the queue's reference describes it.
var createTask = scopes.Find(methods.All, "queue", "createTask")

// TaskScopes are the scopes that creating a task takes, the least that granted allows: for rules.Sources, so that a
// rule is compared with its team's grant by what a delivery will ask for.
func TaskScopes(definition map[string]any, granted []string) ([]string, error) {
	body, err := json.Marshal(definition)
	if err != nil {
		return nil, fmt.Errorf("encode a definition: %w", err)
	}
	return createTask.Needed(scopes.Request{Payload: body}, granted)
}

// signature is what a call was signed with.
type signature struct {
	Scopes []string `json:"scopes,omitempty"`
	// Warning says what of it is wider than the call needs.
	Warning string `json:"warning,omitempty"`
	// ReleasedBy is whose "ok to test" counted.
	ReleasedBy string `json:"releasedBy,omitempty"`
}

// taskScopes are the scopes that this one createTask is signed with: exactly those that the definition needs, if the
// team was granted them for whoever is behind the patchset and they fit into a certificate. What can't be is a
// taskRefusal; all other errors may be over when it is tried again.
func (r *laneRun) taskScopes(ctx context.Context, w work, task TaskArgs) (signature, error) {
	of := subject{kind: KindTask, name: taskName(task.Frozen)}
	return r.sign(ctx, w, of, func(granted []string) ([]string, error) {
		return createTask.Needed(scopes.Request{Args: map[string]string{"taskId": task.TaskID}, Payload: task.Frozen}, granted)
	})
}

// sign tells what a call is signed with: exactly the scopes that it needs. What nobody may do is a taskRefusal; all
// other errors may be over when it is tried again.
func (r *laneRun) sign(ctx context.Context, w work, of subject, needed func(granted []string) ([]string, error)) (signature, error) {
	team, ok := r.set.Team(w.Team)
	if !ok {
		return signature{}, fmt.Errorf("team %s is gone from teams.yaml", w.Team)
	}
	var people *rules.Identities
	if w.Change != 0 {
		var err error
		if people, err = r.d.People.Identities(ctx, w.Server, w.Change, w.Revision); err != nil {
			return signature{}, fmt.Errorf("ask who is behind patch set %d: %w", w.Patchset, err)
		}
	}
	sign, err := r.signFor(ctx, w, team, of, people, needed)
	return sign, r.unlessOlder(ctx, err)
}

// signFor tells what a call is signed with for those who are behind the patchset, if there is one.
func (r *laneRun) signFor(ctx context.Context, w work, team *rules.Team, of subject, people *rules.Identities, needed func(granted []string) ([]string, error)) (signature, error) {
	granted, err := team.TaskScopes(people)
	if err != nil {
		refused := &untrustedError{of: of, why: err.Error(), groups: team.TrustedGroups()}
		return r.released(ctx, w, team, of, needed, refused)
	}
	sign, err := r.signWith(w, team, of, granted, needed)
	if lacking := (*missingScopesError)(nil); people != nil && errors.As(err, &lacking) {
		return r.released(ctx, w, team, of, needed, lacking)
	}
	return sign, err
}

// signWith tells what a call is signed with by these scopes.
func (r *laneRun) signWith(w work, team *rules.Team, of subject, granted []string, needed func(granted []string) ([]string, error)) (signature, error) {
	need, err := needed(granted)
	if err != nil && passing(err) {
		return signature{}, err
	}
	if err != nil {
		return signature{}, &impossibleError{of: of, patchset: w.Patchset, why: err}
	}
	if missing := scopes.Missing(granted, need); len(missing) > 0 {
		return signature{}, &missingScopesError{of: of, missing: missing}
	}
	signed, instead, ok := fitted(need, granted, team.Roles())
	if !ok {
		return signature{}, &tooManyScopesError{of: of, team: w.Team, rule: w.Rule, needs: need}
	}
	sign := signature{Scopes: signed}
	if len(instead) > 0 {
		sign.Warning = fmt.Sprintf("its %d scopes don't fit into a certificate, so it was signed with the wider %s of the grant", len(need), strings.Join(instead, " "))
		r.d.Log.Warn().Str("action", w.ID).Str("rule", w.Team+"/"+w.Rule).Strs("scopes", instead).Msg("a call is signed with more scopes than it needs: they don't fit into a certificate")
	}
	return sign, nil
}

func taskName(definition json.RawMessage) string {
	var task struct {
		Metadata struct{ Name string }
	}
	_ = json.Unmarshal(definition, &task) // a definition without a name is told by the queue
	return task.Metadata.Name
}
