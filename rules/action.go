package rules

// The kinds of actions.
const (
	kindVote     = "vote"
	kindComment  = "comment"
	kindHashtags = "hashtags"
	kindTask     = "task"
)

// action is one entry below `do`.
type action struct {
	kind string
	// key is known when the file is loaded, but for tasks.
	key    string
	line   int
	while  *condition
	notify string
	// message is a comment's text, or what goes with a vote.
	message *template
	labels  map[string]int
	add     []*template
	remove  []*template
	// task is the definition of one task, or of a list of them if many.
	task *template
	many bool
	// taskKey is half of the identity of one task; of many, each has its own.
	taskKey *template
	// literal are the times that are written as they are.
	literal []string
}

// templates are all that the action renders.
func (a *action) templates() []*template {
	var out []*template
	for _, t := range append(append([]*template{a.message, a.task, a.taskKey}, a.add...), a.remove...) {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}
