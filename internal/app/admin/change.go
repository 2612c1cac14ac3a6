package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"verdict/gerrit"
	"verdict/internal/deliver"
	"verdict/internal/store"
)

// ChangeDetail is what the bot knows of a change: what stands on its current patchset, and what is unfinished.
type ChangeDetail struct {
	// Change is SERVER~NUMBER.
	Change string `json:"change"`
	// State is open, merged, abandoned or gone, as it was last seen; absent: the server was never seen to have it, and
	// Patchset is the latest that something is known of.
	State    string `json:"state,omitempty"`
	Project  string `json:"project,omitempty"`
	Branch   string `json:"branch,omitempty"`
	Patchset int    `json:"patchset,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Labels and Hashtags are those of the patchset on which any rule has, or had, an opinion.
	Labels   []Standing `json:"labels"`
	Hashtags []Standing `json:"hashtags"`
	// Awaited are the task groups for which reports on the patchset wait.
	Awaited []Awaited `json:"awaited"`
	// Actions are those that are not over, and those that are dead.
	Actions []Action `json:"actions"`
}

// Standing is what a label or a hashtag ought to show, and whose opinions make it.
type Standing struct {
	Name string `json:"name"`
	// Value is a label's vote. Stands says that an opinion does.
	Value  int  `json:"value,omitempty"`
	Stands bool `json:"stands"`
	// Posted is the vote that the bot put there last; absent: none.
	Posted   *int      `json:"posted,omitempty"`
	Opinions []Opinion `json:"opinions"`
}

// Opinion is what a rule holds of a label or hashtag.
type Opinion struct {
	Rule string `json:"rule"`
	// About is task:NAME, group or change.
	About   string `json:"about"`
	Value   int    `json:"value"`
	Stands  bool   `json:"stands"`
	Waits   bool   `json:"waits,omitempty"`
	EventID string `json:"event"`
}

// Awaited is a task group for which a team's reports wait.
type Awaited struct {
	GroupID string `json:"taskGroupId"`
	Team    string `json:"team"`
}

// Change tells what stands on a change. ErrNotFound where nothing was ever heard of it.
func (d *Desk) Change(ctx context.Context, server string, number int) (ChangeDetail, error) {
	c := ChangeDetail{Change: fmt.Sprintf("%s~%d", server, number)}
	seen, err := d.Store.SeenChanges(ctx, server, []int{number})
	if err != nil {
		return c, err
	}
	opinions, err := d.Store.Opinions(ctx, server, number)
	if err != nil {
		return c, err
	}
	posted, err := d.Store.PostedVotes(ctx, server, number)
	if err != nil {
		return c, err
	}
	awaited, err := d.Store.AwaitedOn(ctx, server, number)
	if err != nil {
		return c, err
	}
	unfinished, err := d.Store.UnfinishedOn(ctx, c.Change)
	if err != nil {
		return c, err
	}
	events, err := d.Store.Events(ctx, store.Filter{Change: c.Change, Limit: 1})
	if err != nil {
		return c, err
	}
	if len(seen)+len(opinions)+len(awaited)+len(unfinished)+len(events) == 0 {
		return c, absent(store.ErrNotFound, fmt.Sprintf("nothing was ever heard of change %d on %s; bot gerrit show %s asks Gerrit, bot events list shows what is heard", number, server, c.Change))
	}
	if err := c.place(seen, opinions, unfinished); err != nil {
		return c, err
	}
	c.standing(opinions, posted)
	c.Awaited = []Awaited{}
	for _, a := range awaited {
		if a.Revision == c.Revision && a.Waits() {
			c.Awaited = append(c.Awaited, Awaited{a.GroupID, a.Team})
		}
	}
	c.Actions = views(unfinished, viewAction)
	return c, nil
}

// place says which patchset is the current one.
func (c *ChangeDetail) place(seen []store.SeenChange, opinions []store.Opinion, actions []store.Action) error {
	if len(seen) > 0 {
		info, current, err := gerrit.WasSeen(seen[0].Body)
		if err != nil {
			return fmt.Errorf("change %s: %w", c.Change, err)
		}
		switch c.State = strings.ToLower(info.Status); seen[0].State {
		case store.SeenGone:
			c.State = "gone"
		case store.SeenOpen:
			c.State = "open" // Gerrit calls it NEW
		}
		c.Project, c.Branch, c.Patchset, c.Revision = info.Project, info.Branch, current.Number, current.Revision
		return nil
	}
	for _, o := range opinions {
		if o.Patchset > c.Patchset {
			c.Patchset, c.Revision = o.Patchset, o.Revision
		}
	}
	for _, a := range actions {
		c.Project, c.Branch = cmp.Or(c.Project, a.Project), cmp.Or(c.Branch, a.Branch)
		if a.Patchset > c.Patchset {
			c.Patchset, c.Revision = a.Patchset, a.Revision
		}
	}
	return nil
}

// standing works out, as delivery does, what the labels and hashtags of the patchset ought to show.
func (c *ChangeDetail) standing(opinions []store.Opinion, posted []store.Posted) {
	labels, hashtags := map[string]*Standing{}, map[string]*Standing{}
	for name, s := range deliver.Labels(opinions, c.Revision) {
		labels[name] = &Standing{Name: name, Value: s.Value, Stands: s.Held}
	}
	for _, p := range posted {
		if s := labels[p.Label]; s != nil && p.Revision == c.Revision {
			s.Posted = &p.Value
		}
	}
	for _, o := range opinions {
		if o.Revision != c.Revision {
			continue
		}
		s := labels[o.Target]
		if o.Kind == store.OpinionHashtag {
			if s = hashtags[o.Target]; s == nil {
				s = &Standing{Name: o.Target}
				hashtags[o.Target] = s
			}
			s.Stands = s.Stands || o.Stands
		}
		s.Opinions = append(s.Opinions, Opinion{o.Team + "/" + o.Rule, o.About, o.Value, o.Stands, o.Waits, o.EventID})
	}
	c.Labels, c.Hashtags = byName(labels), byName(hashtags)
}

// byName lists what stands; of each first the opinions that do, the lowest before.
func byName(all map[string]*Standing) []Standing {
	out := make([]Standing, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		slices.SortStableFunc(all[name].Opinions, func(a, b Opinion) int {
			if a.Stands == b.Stands {
				return cmp.Compare(a.Value, b.Value)
			}
			if a.Stands {
				return -1
			}
			return 1
		})
		out = append(out, *all[name])
	}
	return out
}
