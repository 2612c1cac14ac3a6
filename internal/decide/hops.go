package decide

import (
	"context"
	"fmt"

	"verdict/gerrit"
	"verdict/internal/decide/ledger"
	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
)

// mostHops is how many of the bot's own doings may follow from each other. A change's merge that starts a task whose end
// starts another is two; a flaky task that is rerun four times, with what its end leads to, is five. What goes on beyond
// that goes on for ever.
const mostHops = 5

// hops is how many of the bot's own doings stand behind the event: those that made or reran its task, or the decision task
// that its group is named after; or any task of its group; or changed who the change waits for, which Gerrit doesn't tell
// from what people do. Of what else the bot does no rule hears, or nothing says that it was the bot.
func (d *Decider) hops(ctx context.Context, s *subject) (int, error) {
	switch {
	case s.TaskID != "":
		own, err := d.Store.Hops(ctx, "task:"+s.TaskID, "")
		if err != nil {
			return 0, err
		}
		decision, err := d.Store.Hops(ctx, "task:"+s.GroupID, "")
		return max(own, decision), err
	case s.GroupID != "":
		return d.Store.Hops(ctx, "", s.GroupID)
	case s.change != nil && s.Type == gerrit.AttentionSetChanged:
		return d.Store.Hops(ctx, attentionOf(s.change.Server, s.change.Change.Number), "")
	}
	return 0, nil
}

func attentionOf(server string, change int) string {
	return fmt.Sprintf("attention:%s~%d", server, change)
}

// chain keeps what a rule's actions will be heard of by, and holds the rule where they would be one hop too many: its
// actions are there, and wait.
func (d *Decider) chain(ctx context.Context, s *subject, rule *rules.Rule, actions []store.Action, hand *ledger.Hand) error {
	var causes []store.Cause
	for _, a := range actions {
		c, ok, err := causedBy(a)
		if err != nil {
			return err
		}
		if ok {
			causes = append(causes, c)
		}
	}
	if len(causes) == 0 {
		return nil
	}
	before, err := d.hops(ctx, s)
	if err != nil {
		return err
	}
	for _, c := range causes {
		c.Hops = before + 1
		hand.Cause(c)
	}
	if before < mostHops {
		return nil
	}
	h := store.Hold{
		Scope: "rule:" + rule.Team + "/" + rule.Name, By: store.HeldByGuard,
		Reason: fmt.Sprintf("%d of the bot's own doings led to event %s: does the rule answer what it does itself?", before, s.ID),
	}
	hand.Hold(h)
	d.Log.Warn().Str("event", s.ID).Str("scope", h.Scope).Int("hops", before).Msg("a guard holds a rule")
	if d.Tell != nil {
		d.Tell(ctx, deliver.HeldProblem(h))
	}
	return nil
}

// causedBy is what an action will be heard of by; ok is false where no rule hears of it.
func causedBy(a store.Action) (c store.Cause, ok bool, err error) {
	switch a.Kind {
	case deliver.KindTask:
		taskID, groupID, err := deliver.TaskOf(a)
		return store.Cause{Thing: "task:" + taskID, GroupID: groupID}, err == nil, err
	case deliver.KindRerun, deliver.KindCancel:
		step, err := deliver.StepOf(a)
		return store.Cause{Thing: "task:" + step.TaskID, GroupID: step.GroupID}, err == nil, err
	case deliver.KindHook:
		return store.Cause{Thing: "action:" + a.ID}, true, nil
	case deliver.KindCall:
		taskID, err := deliver.CalledTask(a)
		return store.Cause{Thing: "task:" + taskID}, taskID != "", err
	case deliver.KindAttention:
		return store.Cause{Thing: attentionOf(a.Server, a.Change)}, a.Change != 0, nil
	}
	return store.Cause{}, false, nil
}
