package rules

import "slices"

// The kinds of actions.
const (
	kindVote      = "vote"
	kindReport    = "report"
	kindComment   = "comment"
	kindHashtags  = "hashtags"
	kindTask      = "task"
	kindReviewers = "reviewers"
	kindAttention = "attention"
	kindReady     = "ready"
	kindWIP       = "wip"
	kindTopic     = "topic"
	kindAbandon   = "abandon"
	kindRestore   = "restore"
	kindSubmit    = "submit"
	kindRerun     = "rerun"
	kindCancel    = "cancel"
	kindHook      = "hook"
	kindCall      = "call"
)

// action is one entry below `do`.
type action struct {
	kind string
	// key is known when the file is loaded, but for tasks.
	key    string
	line   int
	while  *condition
	notify string
	// approve says who has to approve it, "" nobody.
	approve string
	// once says how often it is done, nil each time.
	once *Once
	// message is a comment's text, or what goes with another action.
	message *template
	labels  map[string]int
	report  *Report
	// add, cc and remove are hashtags, or people.
	add, cc, remove []*template
	// tasks says which of the group rerun and cancel are for, "" the event's own; named by which names.
	tasks string
	named *template
	// inline comes to a list of comments on lines.
	inline *template
	// reason says why the attention set changes.
	reason *template
	topic  *template
	// task is the definition of one task, or of a list of them if many.
	task *template
	many bool
	// taskKey is half of the identity of one task; of many, each has its own.
	taskKey *template
	// from is the file of the patchset that says which tasks there are.
	from string
	// literal are the times that are written as they are.
	literal []string
	// call is what hook and call ask for: request renders it.
	call    *callSpec
	request *template
}

// opines tells whether it leaves opinions, which stand until news take them back.
func (a *action) opines() bool {
	return a.kind == kindVote || a.kind == kindReport || a.kind == kindHashtags && a.while != nil
}

// opinesOn names what it leaves opinions on, as far as that doesn't depend on the event.
func (a *action) opinesOn() []string {
	out := a.votesOn()
	if a.kind == kindHashtags && a.while != nil {
		for _, t := range a.add {
			if t.literal {
				out = append(out, "#"+hashtag(t.text))
			}
		}
	}
	return out
}

// templates are all that the action renders.
func (a *action) templates() []*template {
	var out []*template
	all := []*template{a.message, a.inline, a.reason, a.topic, a.task, a.taskKey, a.named, a.request}
	for _, t := range slices.Concat(all, a.add, a.cc, a.remove) {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}
