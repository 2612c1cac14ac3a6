package gerrit

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// eventsOf gives what happened at or after a time on a change that was
// never seen, and its current patchset while it is open: it may have become
// visible only now. What else it shows is where it begins.
func eventsOf(server string, c *ChangeInfo, since time.Time) []Event {
	d := differ{server: server, c: c, now: snapshotOf(c)}
	d.patchsets(func(p EventPatchset) bool { return d.stands(p) || !p.Created.Before(since) })
	for i := range c.Messages {
		if !c.Messages[i].Time.Time().Before(since) {
			d.message(&c.Messages[i])
		}
	}
	return d.sorted()
}

// changedEvents gives what happened on a change since it was as before; back
// says that it was gone meanwhile.
func changedEvents(server string, before *snapshot, c *ChangeInfo, back bool) []Event {
	d := differ{server: server, c: c, before: before, now: snapshotOf(c)}
	d.patchsets(func(p EventPatchset) bool { return d.later(p) || back && d.stands(p) })
	for i := range d.c.Messages {
		if i >= d.said() {
			d.message(&c.Messages[i])
		}
	}
	d.status()
	d.votes()
	d.reviewers()
	d.attention()
	d.hashtags()
	d.topic()
	d.wip()
	return d.sorted()
}

// differ collects the events between two states of a change.
type differ struct {
	server      string
	c           *ChangeInfo
	before, now *snapshot
	news        []*ChangeMessageInfo // the messages since before
	events      []Event
}

// add completes an event with what is the same in all.
func (d *differ) add(e Event) {
	e.Server, e.Change, e.State = d.server, d.now.Change, stateOf(d.c)
	if e.Patchset.Revision == "" {
		e.Patchset = d.now.Patchset
	}
	if e.Time.IsZero() {
		e.Time = d.c.Updated.Time()
	}
	d.events = append(d.events, e)
}

// sorted puts events in the order of their times, which are whole seconds.
// Within one, what ends a change or takes that back stays in the order of its
// messages.
func (d *differ) sorted() []Event {
	rank := func(e Event) int {
		if e.Type == ChangeRestored || e.Type == ChangeMerged {
			return slices.Index(EventTypes, ChangeAbandoned)
		}
		return slices.Index(EventTypes, e.Type)
	}
	slices.SortStableFunc(d.events, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Patchset.Number, b.Patchset.Number))
	})
	return d.events
}

// stands says that a patchset is the current one of an open change.
func (d *differ) stands(p EventPatchset) bool {
	return d.c.Status == ChangeStatusNew && p.Revision == d.c.CurrentRevision
}

// later says that a patchset was uploaded since. If the one that was current
// isn't there any more, numbers say nothing: the server was restored.
func (d *differ) later(p EventPatchset) bool {
	if _, there := d.c.Revisions[d.before.Patchset.Revision]; there {
		return p.Number > d.before.Patchset.Number
	}
	return !p.Created.Before(d.before.Patchset.Created)
}

func (d *differ) patchsets(told func(EventPatchset) bool) {
	for revision, r := range d.c.Revisions {
		if p := eventPatchset(revision, r); told(p) {
			d.add(Event{Type: PatchsetCreated, Patchset: p, Time: p.Created})
		}
	}
}

// said is how many of the messages were there before.
func (d *differ) said() int {
	for i, m := range slices.Backward(d.c.Messages) {
		if m.ID == d.before.Message {
			return i + 1
		}
	}
	for i, m := range d.c.Messages { // the last one is gone, or there was none
		if !m.Time.Time().Before(d.before.Said) {
			return i
		}
	}
	return len(d.c.Messages)
}

func (d *differ) message(m *ChangeMessageInfo) {
	d.news = append(d.news, m)
	if kind := typeOf(m.Tag); kind != "" {
		d.add(Event{Type: kind, Message: eventMessage(m), Patchset: d.patchset(m.RevisionNumber), Time: m.Time.Time()})
	}
}

func (d *differ) patchset(number int) EventPatchset {
	for revision, r := range d.c.Revisions {
		if r.PatchSetNumber == number {
			return eventPatchset(revision, r)
		}
	}
	return EventPatchset{}
}

// because adds an event with the last new message that has one of the tags:
// it says who did it, and when.
func (d *differ) because(e Event, tags ...string) {
	for _, m := range d.news {
		if !slices.Contains(tags, m.Tag) {
			continue
		}
		e.Message, e.Time = eventMessage(m), m.Time.Time()
		if id := e.Message.Author.ID; !slices.Contains(e.Authors, id) {
			e.Authors = append(e.Authors, id)
		}
	}
	if len(e.Authors) == 1 {
		e.Authors = nil // the message says it
	}
	d.add(e)
}

// status tells what no message did: somebody may have deleted it.
func (d *differ) status() {
	kind := map[string]string{ChangeStatusMerged: ChangeMerged, ChangeStatusAbandoned: ChangeAbandoned, ChangeStatusNew: ChangeRestored}[d.c.Status]
	told := slices.ContainsFunc(d.events, func(e Event) bool { return e.Type == kind })
	if kind != "" && !told && d.c.Status != d.before.Change.Status {
		d.add(Event{Type: kind})
	}
}

func (d *differ) votes() {
	for _, label := range slices.Sorted(maps.Keys(d.c.Labels)) { // one that the project has no more says nothing
		info := d.c.Labels[label]
		old, now := d.before.Votes[label], d.now.Votes[label]
		dates := map[int64]time.Time{}
		for _, a := range info.All {
			dates[a.NumericID] = a.Date.Time()
		}
		for _, id := range union(old, now) {
			if old[id] == now[id] {
				continue
			}
			vote := &EventVote{Label: label, Old: old[id], New: now[id], Account: d.account(id)}
			at := time.Time{}
			if vote.New != 0 {
				at = dates[id]
			}
			d.add(Event{Type: VoteChanged, Vote: vote, Time: at})
		}
	}
}

func (d *differ) reviewers() {
	var changed []EventReviewer
	for _, id := range union(d.before.Reviewers, d.now.Reviewers) {
		if old, now := d.before.Reviewers[id], d.now.Reviewers[id]; old != now {
			changed = append(changed, EventReviewer{Account: d.account(id), Old: old, New: now})
		}
	}
	if len(changed) > 0 {
		d.add(Event{Type: ReviewerChanged, Reviewers: changed})
	}
}

func (d *differ) attention() {
	added, removed := difference(d.before.Attention, d.now.Attention)
	if len(added)+len(removed) == 0 {
		return
	}
	e := Event{Type: AttentionSetChanged, Attention: &EventAttention{Added: d.accounts(added), Removed: d.accounts(removed)}}
	since := attentionOf(d.c)
	for _, id := range added {
		if since[id].After(e.Time) {
			e.Time = since[id]
		}
	}
	d.add(e)
}

func (d *differ) hashtags() {
	added, removed := difference(d.before.Change.Hashtags, d.now.Change.Hashtags)
	if len(added)+len(removed) > 0 {
		d.because(Event{Type: HashtagsChanged, Hashtags: &EventHashtags{Added: added, Removed: removed}}, TagHashtags)
	}
}

func (d *differ) topic() {
	if old, now := d.before.Change.Topic, d.c.Topic; old != now {
		d.because(Event{Type: TopicChanged, Topic: &EventTopic{Old: old, New: now}}, TagTopic)
	}
}

func (d *differ) wip() {
	if d.before.Change.WIP != d.c.WorkInProgress {
		d.because(Event{Type: WIPChanged}, TagWIP, TagReady)
	}
}

func (d *differ) accounts(ids []int64) []EventAccount {
	accounts := make([]EventAccount, 0, len(ids))
	for _, id := range ids {
		accounts = append(accounts, d.account(id))
	}
	return accounts
}

// account is what the change says of an account.
func (d *differ) account(id int64) EventAccount {
	is := func(a *AccountInfo) bool { return a != nil && a.NumericID == id }
	for _, state := range d.c.Reviewers {
		for _, a := range state {
			if is(a) {
				return eventAccount(a)
			}
		}
	}
	for _, label := range d.c.Labels {
		for i := range label.All {
			if a := &label.All[i].AccountInfo; is(a) {
				return eventAccount(a)
			}
		}
	}
	for _, set := range []map[string]AttentionSetInfo{d.c.AttentionSet, d.c.RemovedFromAttentionSet} {
		for _, entry := range set {
			if is(&entry.Account) {
				return eventAccount(&entry.Account)
			}
		}
	}
	for _, m := range d.c.Messages {
		if is(m.Author) {
			return eventAccount(m.Author)
		}
	}
	if is(d.c.Owner) {
		return eventAccount(d.c.Owner)
	}
	return EventAccount{ID: id}
}

// union gives the keys of both, sorted.
func union[K cmp.Ordered, V any](a, b map[K]V) []K {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// difference gives what is only in now and what is only in before, in their
// order; neither is nil.
func difference[T comparable](before, now []T) (added, removed []T) {
	without := func(from, others []T) []T {
		return slices.DeleteFunc(append([]T{}, from...), func(v T) bool { return slices.Contains(others, v) })
	}
	return without(now, before), without(before, now)
}
