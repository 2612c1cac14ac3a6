package ruleset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"verdict/rules"
)

// rolesKey is under what the roles' expansions are kept, beside teams.yaml.
const rolesKey = "/roles.json"

// expanding is how long auth may take to say what all roles give.
const expanding = 20 * time.Second

var errNoTaskcluster = errors.New("taskcluster.rootURL is not configured")

// expandRoles gives the teams with what the roles in their grants give: what auth says now, or where it can't be asked
// what it said last. A team with a role that it was never asked about has the grant of the last good teams.yaml.
func (l *Loader) expandRoles(ctx context.Context, in *sources, good bundle, next *Active) {
	roles := in.Teams.Roles()
	if len(roles) == 0 {
		return
	}
	told := map[string][]string{}
	if err := json.Unmarshal(good[rolesKey], &told); err != nil && good[rolesKey] != nil {
		l.Log.Error().Err(err).Msg("what roles gave last can't be read")
	}
	last := maps.Clone(told)
	err := l.askRoles(ctx, roles, told)
	why := "auth doesn't know it"
	if err != nil {
		why = err.Error()
		next.Unasked = l.Expand != nil
		next.Broken[""] = append(next.Broken[""], fmt.Sprintf("auth couldn't be asked what the roles in %s give, what it said last counts: %v", l.Teams, err))
	}
	var before *rules.Teams
	if old := good[teamsKey]; old != nil {
		if before, _ = rules.LoadTeams(l.Teams, old); before != nil {
			before, _ = before.WithRoles(last, why, nil)
		}
	}
	in.Teams, in.unexpanded = in.Teams.WithRoles(told, why, before)
	if len(in.unexpanded) > 0 && before != nil {
		in.goodTeams, in.before = good[teamsKey], good[teamsKey] // it stands in for a team, and may have to again
	}
	in.roles, err = json.Marshal(told)
	if err != nil {
		l.Log.Error().Err(err).Msg("what roles give can't be kept")
	}
}

// askRoles asks auth about each role.
func (l *Loader) askRoles(ctx context.Context, roles []string, told map[string][]string) error {
	if l.Expand == nil {
		return errNoTaskcluster
	}
	ctx, cancel := context.WithTimeout(ctx, expanding)
	defer cancel()
	for _, role := range roles {
		given, err := l.Expand(ctx, role)
		if err != nil {
			return fmt.Errorf("expand %s: %w", role, err)
		}
		told[role] = given
	}
	return nil
}
