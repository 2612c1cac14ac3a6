package ruleset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"verdict/internal/deliver"
	"verdict/internal/ingest"
	"verdict/internal/store"
)

// atOnce is how many changes one transaction of endGone concerns.
const atOnce = 200

// endGone ends the opinions of rules that are gone, off or shadow, and has each change they were on looked at, so
// that its votes and hashtags follow. It may be cut short at any point: the next load finds the rest. Only the set that all
// are to be on ends opinions: a rule that this one doesn't know may be in a newer one.
func (l *Loader) endGone(ctx context.Context, now *Active) error {
	if !now.whole {
		return nil
	}
	standing, err := l.Store.StandingOf(ctx)
	if err != nil {
		return err
	}
	var lanes []string
	byLane := map[string][]store.Opinion{}
	for _, o := range standing {
		if live(now.Set, o.Team, o.Rule) {
			continue
		}
		lane := fmt.Sprintf("%s~%d", o.Server, o.Change)
		if byLane[lane] == nil {
			lanes = append(lanes, lane)
		}
		byLane[lane] = append(byLane[lane], o)
	}
	for len(lanes) > 0 {
		n := min(atOnce, len(lanes))
		var opinions []store.Opinion
		var looks []store.Action
		for _, lane := range lanes[:n] {
			look, err := look(now, lane, byLane[lane][0])
			if err != nil {
				return err
			}
			if look.Project, look.Branch, err = l.placeOf(ctx, lane); err != nil {
				return err
			}
			opinions, looks = append(opinions, byLane[lane]...), append(looks, look)
		}
		err := l.Store.EndOpinions(ctx, now.Published.Seq, opinions, looks)
		if errors.Is(err, store.ErrMoved) {
			l.Log.Info().Str("set", now.Set.Hash()).Msg("newer rules are published: what has gone is theirs to say")
			return nil
		}
		if err != nil {
			return fmt.Errorf("end the opinions of rules that are gone: %w", err)
		}
		l.Log.Info().Int("opinions", len(opinions)).Int("changes", n).Msg("opinions of rules that are gone have ended")
		lanes = lanes[n:]
	}
	return nil
}

// look is the action that has a change looked at. Its id is new at each load: the same rule may go twice.
func look(now *Active, lane string, o store.Opinion) (store.Action, error) {
	version, args, err := deliver.Args{}.Encode()
	a := store.Action{
		EventID: "rules " + now.Set.Hash()[:min(12, len(now.Set.Hash()))] + " " + now.Loaded.UTC().Format(time.RFC3339Nano),
		Kind:    deliver.KindReconcile, Key: deliver.KindReconcile + ":" + lane, Lane: lane, State: store.ActionPending,
		Server: o.Server, Change: o.Change, Patchset: o.Patchset, Revision: o.Revision, ArgsVersion: version, Args: args,
	}
	a.ID = ingest.ID("action", a.EventID, a.Team, a.Rule, a.Key)
	return a, err
}

// placeOf is where a change is: an opinion doesn't say it, what was done on the change does.
func (l *Loader) placeOf(ctx context.Context, lane string) (project, branch string, err error) {
	done, err := l.Store.Actions(ctx, store.Filter{Change: lane, Limit: 1, NewestFirst: true})
	if err != nil || len(done) == 0 {
		return "", "", err
	}
	return done[0].Project, done[0].Branch, nil
}
