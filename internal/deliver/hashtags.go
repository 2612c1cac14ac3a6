package deliver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"verdict/gerrit"
	"verdict/internal/store"
)

// hashtags brings the change's hashtags to what they ought to be, in one call, and reads them back: concurrent writers
// lose tags though all are answered 200, and others than the bot may write. It answers true when it wrote. Where nobody
// hears the outcome, the next attempt writes what doesn't show, but for what Gerrit's messages say was done and undone.
func (r *laneRun) hashtags(ctx context.Context, c *change, todo []work) (bool, error) {
	todo = ofKind(todo, KindHashtags, KindReconcile)
	if len(todo) == 0 {
		return false, nil
	}
	diff, effects := c.tagDiff(todo)
	tagging := ofKind(todo, KindHashtags)
	if len(diff.Add) == 0 && len(diff.Remove) == 0 {
		return false, r.finish(ctx, allDone(tagging), effects)
	}
	err := r.writeTags(ctx, c, tagging, diff)
	if err == nil {
		return true, r.finish(ctx, allDone(tagging), effects)
	}
	return r.ended(ctx, c, tagging, err, "set hashtags")
}

// readBacks bounds how often tags that another writer's call swept away are set again.
const readBacks = 5

// writeTags sets and removes tags until they are read back so.
func (r *laneRun) writeTags(ctx context.Context, c *change, tagging []work, diff gerrit.HashtagsInput) error {
	for range readBacks {
		err := r.attempt(ctx, c.starts(tagging), func(ctx context.Context) error {
			_, err := c.gerrit.SetHashtags(ctx, c.id, diff)
			return err
		})
		if err != nil {
			return err
		}
		var info *gerrit.ChangeInfo
		err = r.attempt(ctx, nil, func(ctx context.Context) (err error) {
			info, err = c.gerrit.GetChangeDetail(ctx, c.id)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the hashtags back: %w", err)
		}
		if diff = sweptAway(diff, info, c.lastMessage()); len(diff.Add)+len(diff.Remove) == 0 {
			return nil
		}
	}
	return notKeptError(fmt.Sprintf("the hashtags %q are not as they were set, %d times", slices.Concat(diff.Add, diff.Remove), readBacks))
}

// sweptAway is what was written and isn't so, though no message since says that somebody undid it.
func sweptAway(wrote gerrit.HashtagsInput, info *gerrit.ChangeInfo, last string) gerrit.HashtagsInput {
	since := info.Messages
	if i := slices.IndexFunc(since, func(m gerrit.ChangeMessageInfo) bool { return m.ID == last }); i >= 0 {
		since = since[i+1:]
	}
	undone := func(how, tag string) bool {
		return slices.ContainsFunc(since, func(m gerrit.ChangeMessageInfo) bool { return tells(m, how, tag) })
	}
	var again gerrit.HashtagsInput
	for _, tag := range wrote.Add {
		if !slices.Contains(info.Hashtags, tag) && !undone("removed", tag) {
			again.Add = append(again.Add, tag)
		}
	}
	for _, tag := range wrote.Remove {
		if slices.Contains(info.Hashtags, tag) && !undone("added", tag) {
			again.Remove = append(again.Remove, tag)
		}
	}
	return again
}

// tagDiff is what has to be added and removed. A tag that a person took off stays off until an opinion brings
// news; an opinion that ends takes only a tag that our account put there.
func (c *change) tagDiff(todo []work) (gerrit.HashtagsInput, store.Effects) {
	effects := store.Effects{Server: c.server, Change: c.number}
	var diff gerrit.HashtagsInput
	add := func(tag string) {
		if !slices.Contains(c.info.Hashtags, tag) && !slices.Contains(diff.Add, tag) && !c.didTag(todo, "added", tag) {
			diff.Add = append(diff.Add, tag)
			effects.TagsAdded = append(effects.TagsAdded, tag)
		}
	}
	remove := func(tag string) {
		if slices.Contains(c.info.Hashtags, tag) && !slices.Contains(diff.Remove, tag) && !c.didTag(todo, "removed", tag) {
			diff.Remove = append(diff.Remove, tag)
		}
		effects.TagsGone = append(effects.TagsGone, tag)
	}
	want, ended := Hashtags(c.opinions, c.info.CurrentRevision)
	for _, tag := range want {
		s := c.tagStanding(tag)
		p := store.Posted{Server: c.server, Change: c.number, Revision: c.info.CurrentRevision, Label: "#" + tag, Value: 1, Signature: s.Signature}
		if c.posted[p.Label] == p {
			continue
		}
		add(tag)
		effects.Posted = append(effects.Posted, p)
	}
	for _, tag := range slices.Concat(ended, c.onOlderOnly()) {
		if c.owns(tag) && !slices.Contains(want, tag) {
			remove(tag)
		}
	}
	for _, w := range todo {
		for _, tag := range w.args.Add {
			add(tag)
		}
		for _, tag := range w.args.Remove {
			if !slices.Contains(want, tag) {
				remove(tag)
			}
		}
	}
	return diff, effects
}

// didTag tells whether an attempt whose outcome nobody heard added or removed a tag: if it shows otherwise now, somebody
// undid it.
func (c *change) didTag(todo []work, how, tag string) bool {
	return slices.ContainsFunc(todo, func(w work) bool {
		return slices.ContainsFunc(c.since(w), func(m gerrit.ChangeMessageInfo) bool { return c.isOurs(m) && tells(m, how, tag) })
	})
}

// owns tells whether our account added a tag: the store has it, unless nobody heard the answer to that attempt.
// Then the newest message on the change that added the tag says whose it is.
func (c *change) owns(tag string) bool {
	if slices.Contains(c.ownTags, tag) {
		return true
	}
	for _, m := range slices.Backward(c.info.Messages) {
		if slices.Contains(c.info.Hashtags, tag) && tells(m, "added", tag) {
			return c.isOurs(m)
		}
	}
	return false
}

// tells says whether a message is Gerrit's about tags that were set, and this one was so: "Hashtags added: a, b".
func tells(m gerrit.ChangeMessageInfo, how, tag string) bool {
	if m.Tag != gerrit.TagHashtags {
		return false
	}
	for line := range strings.Lines(m.Message) {
		what, tags, _ := strings.Cut(strings.TrimRight(line, "\n"), " "+how+": ")
		if (what == "Hashtag" || what == "Hashtags") && slices.Contains(strings.Split(tags, ", "), tag) {
			return true
		}
	}
	return false
}

func (c *change) tagStanding(tag string) Standing {
	var about []store.Opinion
	for _, o := range c.opinions {
		if o.Kind == store.OpinionHashtag && o.Target == tag && o.Revision == c.info.CurrentRevision {
			about = append(about, o)
		}
	}
	return standing(about)
}

// onOlderOnly are tags that only opinions on earlier patchsets want: a newer patchset ended them.
func (c *change) onOlderOnly() []string {
	var out []string
	for _, o := range c.opinions {
		if o.Kind == store.OpinionHashtag && o.Revision != c.info.CurrentRevision {
			out = append(out, o.Target)
		}
	}
	return out
}

func allDone(works []work) []store.Outcome {
	out := make([]store.Outcome, len(works))
	for i, w := range works {
		out[i] = done(w, "")
	}
	return out
}
