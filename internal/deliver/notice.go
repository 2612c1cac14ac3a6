package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/gerrit"
	"verdict/internal/ingest"
	"verdict/internal/store"
)

// droppedNotice tells people that a vote could not be cast, once for a label of a patchset: the change's owner and the
// contact of the team whose rule wants the vote, by a comment and Gerrit's mail of it, and whoever reads the log. It is
// written before the vote's actions end, so that no crash keeps it from them.
func (r *laneRun) droppedNotice(ctx context.Context, c *change, votes []store.Posted, cause error) error {
	var actions []store.Action
	for _, v := range votes {
		o, ok := c.behind(v)
		if !ok {
			continue // a vote that is taken back: nobody waits for it
		}
		contact := r.contact(o.Team)
		r.d.Log.Error().Str("lane", r.lane.ID).Str("rule", o.Team+"/"+o.Rule).Str("contact", contact).Str("label", v.Label).
			Int("value", v.Value).Str("reason", whyDropped(cause, v.Label)).Msg("the vote was not cast")
		args := Args{Status: c.info.Status, Message: droppedText(v, c.patchset, o, whyDropped(cause, v.Label), contact), Notify: gerrit.NotifyOwner}
		if contact != "" {
			args.Tell = []string{contact}
		}
		version, body, err := args.Encode()
		if err != nil {
			return err
		}
		key := "dropped " + v.Label
		actions = append(actions, store.Action{
			ID:      ingest.ID("action", c.server, fmt.Sprint(c.number), c.info.CurrentRevision, o.Team, key),
			EventID: o.EventID, Team: o.Team, Rule: o.Rule, Key: key, Kind: KindComment, State: store.ActionPending,
			Lane: r.lane.ID, Server: c.server, Change: c.number, Patchset: c.patchset, Revision: c.info.CurrentRevision,
			Project: c.info.Project, Branch: c.info.Branch, ArgsVersion: version, Args: body, Due: time.Time{},
		})
	}
	if len(actions) == 0 {
		return nil
	}
	if err := r.d.Store.AddActions(ctx, actions); err != nil {
		return fmt.Errorf("add the notice of a dropped vote: %w", err)
	}
	return nil
}

// behind is the opinion that a vote comes from.
func (c *change) behind(v store.Posted) (store.Opinion, bool) {
	i := slices.IndexFunc(c.opinions, func(o store.Opinion) bool {
		return o.Kind == store.OpinionLabel && o.Stands && o.Revision == v.Revision && o.Target == v.Label && o.Value == v.Value
	})
	if i < 0 {
		return store.Opinion{}, false
	}
	return c.opinions[i], true
}

// whyDropped is the reason for one label: what Gerrit was asked for where it dropped the vote without a word, or what it
// said when it refused.
func whyDropped(cause error, label string) string {
	var dropped *gerrit.DroppedVoteError
	var answer *gerrit.HTTPError
	switch {
	case errors.As(cause, &dropped):
		return sayRefusal(dropped.Why[label])
	case errors.As(cause, &answer):
		said, _, _ := strings.Cut(strings.TrimSpace(string(answer.Body)), "\n")
		return "Gerrit refuses it: " + said
	}
	return "The reason is unknown"
}

func sayRefusal(why gerrit.VoteRefusal) string {
	instead := strings.Join(why.Instead, ", ")
	switch {
	case why.Reason == gerrit.UnknownLabel:
		return "The project has no such label; it has " + instead
	case why.Reason == gerrit.ValueOutOfRange:
		return "The label has no such value; it has " + instead
	case why.Reason == gerrit.VoteNotPermitted && instead != "":
		return "The bot's account may only vote " + instead
	case why.Reason == gerrit.VoteNotPermitted:
		return "The bot's account may not vote on the label"
	}
	return "Gerrit left it out and doesn't say why"
}

// droppedText is what people read.
func droppedText(v store.Posted, patchset int, o store.Opinion, why, contact string) string {
	text := fmt.Sprintf("%s %+d could not be voted on patch set %d\n\n%s.\nThe rule %s/%s votes so.", v.Label, v.Value, patchset, why, o.Team, o.Rule)
	if contact != "" {
		text += " Ask " + contact + "."
	}
	return text
}
