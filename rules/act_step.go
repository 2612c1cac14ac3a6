package rules

import "strings"

// step is a rerun or a cancel. Which tasks of a group it is for, only the queue can say.
func (e *evaluation) step(a *action, d *Decision) error {
	out := Action{Key: a.key, Kind: a.kind, Tasks: a.tasks}
	if a.named != nil {
		named, err := e.text(a.named)
		if err != nil {
			return err
		}
		out.Named = strings.Fields(named)
	}
	d.Actions = append(d.Actions, out)
	return nil
}

// FitsName tells whether a task's name is one that Named asks for: each is a pattern with * and ?, and none asks for
// all. So does the word of Tasks itself: "recheck failed" is what reports advise.
func (a *Action) FitsName(name string) bool {
	for _, n := range a.Named {
		if n == a.Tasks || matchWord(n, name) || name == strings.Join(a.Named, " ") {
			return true
		}
	}
	return len(a.Named) == 0
}
