package deliver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"verdict/gerrit"
	"verdict/internal/store"
)

// change is what Gerrit shows of the lane's change, and what we know of it.
type change struct {
	server   string
	gerrit   Gerrit
	id       string // as calls want it: project~number
	number   int
	self     int64
	info     *gerrit.ChangeInfo
	patchset int
	opinions []store.Opinion
	posted   map[string]store.Posted // on the current revision, by label, or "#"+hashtag
	ownTags  []string
	reported []store.Reported
}

// reconcile brings the lane's change from what it shows to what ought to stand. It answers true when it posted
// something, so that the change is worth another look: its current patchset may have moved meanwhile.
func (r *laneRun) reconcile(ctx context.Context) (again bool, err error) {
	todo := r.onChange()
	if len(todo) == 0 {
		return false, nil
	}
	c, gone, err := r.look(ctx, todo[0].Action)
	if err == nil && gone == "" {
		err = r.catchUp(ctx, c, todo[0].Action)
		todo = r.onChange()
	}
	if errors.Is(err, errOlder) {
		return false, r.leaveChange(ctx)
	}
	if err != nil {
		return false, err
	}
	if gone != "" {
		var outcomes []store.Outcome
		for _, w := range todo {
			outcomes = append(outcomes, outcome(w.Action, store.ActionSuperseded, gone))
		}
		return false, r.finish(ctx, outcomes, store.Effects{})
	}
	todo, err = r.dropStale(ctx, c, todo)
	if err != nil {
		return false, err
	}
	todo = r.unsaid(c, todo)
	tagged, err := r.hashtags(ctx, c, todo)
	if err != nil {
		return false, err
	}
	named, err := r.topics(ctx, c, todo)
	if err != nil {
		return false, err
	}
	posted, err := r.reviews(ctx, c, todo)
	if err != nil || posted {
		return posted, err
	}
	closed, err := r.closings(ctx, c, todo)
	return tagged || named || closed, err
}

// look reads the change, its opinions and what we posted. gone says why there is nothing to be done any more.
func (r *laneRun) look(ctx context.Context, a store.Action) (c *change, gone string, err error) {
	c, gone, err = r.read(ctx, a)
	if err != nil || gone != "" {
		return nil, gone, err
	}
	if err := r.hear(ctx, c, a); err != nil {
		return nil, "", err
	}
	if c.ownTags, err = r.d.Store.OwnTags(ctx, c.server, c.number); err != nil {
		return nil, "", err
	}
	posted, err := r.d.Store.PostedVotes(ctx, c.server, c.number)
	if err != nil {
		return nil, "", err
	}
	c.posted = map[string]store.Posted{}
	for _, p := range posted {
		if p.Revision == c.info.CurrentRevision {
			c.posted[p.Label] = p
		}
	}
	return c, "", nil
}

// read is a look at what Gerrit shows only: for whoever has no part in what stands on the change.
func (r *laneRun) read(ctx context.Context, a store.Action) (c *change, gone string, err error) {
	g, ok := r.d.Gerrit[a.Server]
	if !ok {
		return nil, fmt.Sprintf("there is no Gerrit %q in the configuration any more", a.Server), nil
	}
	c = &change{server: a.Server, gerrit: g, number: a.Change, id: fmt.Sprintf("%s~%d", a.Project, a.Change)}
	err = r.attempt(ctx, nil, func(ctx context.Context) error {
		if c.self, err = r.d.accounts.self(ctx, a.Server, g); err != nil {
			return err
		}
		c.info, err = g.GetChangeDetail(ctx, c.id, gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION"}})
		return err
	})
	if errors.Is(err, gerrit.ErrResourceNotExist) {
		return nil, fmt.Sprintf("%s has no change %d, or hides it", a.Server, a.Change), nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read change %s of %s: %w", c.id, a.Server, err)
	}
	c.patchset = c.info.Revisions[c.info.CurrentRevision].PatchSetNumber
	return c, "", nil
}

// hear reads the opinions on the change.
func (r *laneRun) hear(ctx context.Context, c *change, a store.Action) error {
	opinions, err := r.d.Store.Opinions(ctx, c.server, c.number)
	if err != nil {
		return err
	}
	awaited, err := r.d.Store.AwaitedOn(ctx, c.server, c.number)
	if err != nil {
		return err
	}
	if c.reported, err = r.d.Store.Reported(ctx, c.server, c.number); err != nil {
		return err
	}
	opinions = kept(opinions, c.info.CurrentRevision, c.info.Revisions[c.info.CurrentRevision])
	groups := c.waitsFor(awaited)
	granted, all := r.allowed(append(opinions, r.waiting(c, groups, a)...), a)
	// What shows by a newer grant isn't taken back by an older one, and newer rules may have a report more that waits.
	if !all || len(groups) > 0 && aboveZero(Labels(granted, c.info.CurrentRevision)) {
		if newest, err := r.newest(ctx); err != nil || !newest {
			return cmp.Or(err, errOlder)
		}
	}
	c.opinions = r.heldBack(c, granted)
	return nil
}

// catchUp makes sure that the actions in hand are those of the opinions that were read. A decision brings both in
// one transaction; read one after the other, a vote could go without its message, which then would wait.
func (r *laneRun) catchUp(ctx context.Context, c *change, a store.Action) error {
	for {
		before := ids(r.pending)
		if _, err := r.load(ctx); err != nil { // nothing is running but for us, who hold the lane
			return err
		}
		if slices.Equal(ids(r.pending), before) {
			return nil
		}
		if err := r.hear(ctx, c, a); err != nil {
			return err
		}
	}
}

func ids(works []work) []string {
	out := make([]string, len(works))
	for i, w := range works {
		out[i] = w.ID
	}
	return out
}

// onChange are the actions in hand that write on the change.
func (r *laneRun) onChange() []work {
	return slices.DeleteFunc(slices.Clone(r.pending), func(w work) bool { return onTaskcluster(w.Kind) })
}

// kept adds, where the current patchset is of the same code as the one before and nothing was said of it yet, what
// stands on that one: Gerrit may have copied our vote before we have heard of the patchset.
func kept(opinions []store.Opinion, revision string, current gerrit.RevisionInfo) []store.Opinion {
	if current.Kind != "NO_CODE_CHANGE" && current.Kind != "NO_CHANGE" {
		return opinions
	}
	out := slices.Clone(opinions)
	for _, o := range opinions {
		if o.Revision == revision {
			return opinions
		}
		if o.Stands && o.Patchset == current.PatchSetNumber-1 {
			o.Revision, o.Patchset = revision, current.PatchSetNumber
			out = append(out, o)
		}
	}
	return out
}

// allowed leaves out the standing opinions that a team's grant no longer covers; all says that there are none.
func (r *laneRun) allowed(opinions []store.Opinion, a store.Action) (out []store.Opinion, all bool) {
	out, all = slices.Clone(opinions), true
	for i, o := range out {
		if o.Stands && !r.covers(o, a) {
			out[i].Stands, all = false, false
		}
	}
	return out, all
}

// covers tells whether a team's grant covers an opinion on the change of an action.
func (r *laneRun) covers(o store.Opinion, a store.Action) bool {
	team, ok := r.set.Team(o.Team)
	if !ok {
		return false
	}
	if o.Kind == store.OpinionLabel {
		return team.MayVote(a.Server, a.Project, a.Branch, o.Target, o.Value) == nil
	}
	return team.MayHashtag(a.Server, a.Project, a.Branch, o.Target) == nil
}

// dropStale ends the actions about something that is no longer so: another patchset is current, the change was
// merged or abandoned meanwhile, a newer run has spoken about the same task.
func (r *laneRun) dropStale(ctx context.Context, c *change, todo []work) ([]work, error) {
	var fresh []work
	var outcomes []store.Outcome
	for _, w := range todo {
		if o, ok := r.achieved(c, w); ok {
			outcomes = append(outcomes, o)
			continue
		}
		if o, ok := c.progressEnded(w); ok {
			outcomes = append(outcomes, o)
			continue
		}
		if why := c.stale(w, r.nameOf(w)); why != "" {
			outcomes = append(outcomes, outcome(w.Action, store.ActionSuperseded, why))
			continue
		}
		fresh = append(fresh, w)
	}
	return fresh, r.finish(ctx, outcomes, store.Effects{})
}

// stale tells why what a rule, by its name of now, decided no longer fits.
func (c *change) stale(w work, rule string) string {
	if w.Kind == KindReconcile {
		return ""
	}
	if w.Revision != "" && w.Revision != c.info.CurrentRevision {
		return fmt.Sprintf("patch set %d is no longer the current one: %d is", w.Patchset, c.patchset)
	}
	if w.args.Status != "" && w.args.Status != c.info.Status {
		return fmt.Sprintf("the change is %s; it was %s when the rule decided", strings.ToLower(c.info.Status), strings.ToLower(w.args.Status))
	}
	if opines(w.Kind) && w.args.Message != "" && !c.speaks(w, rule) {
		return "a newer run has spoken since"
	}
	return ""
}

// speaks tells whether the opinion that came with a vote is still the newest of its rule about the same thing.
func (c *change) speaks(w work, rule string) bool {
	event := w.EventID
	if w.args.Report != nil {
		event = cmp.Or(w.args.Report.Of, event)
	}
	for _, o := range c.opinions {
		_, named := w.args.Labels[o.Target]
		if named && o.Kind == store.OpinionLabel && o.Revision == w.Revision && o.Team == w.Team && o.Rule == rule && o.About == w.args.About {
			return o.EventID == event
		}
	}
	return true
}

// vote is what our account has on a label of the current patchset.
func (c *change) vote(label string) int {
	for _, a := range c.info.Labels[label].All {
		if a.NumericID == c.self {
			return a.Value
		}
	}
	return 0
}

// ours are the messages of our account.
func (c *change) ours() []gerrit.ChangeMessageInfo {
	return slices.DeleteFunc(slices.Clone(c.info.Messages), func(m gerrit.ChangeMessageInfo) bool { return !c.isOurs(m) })
}
