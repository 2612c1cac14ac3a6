package report

import (
	"fmt"
	"slices"
	"strings"

	"verdict/taskcluster"
)

// mostListed is how many tasks a post names before it only counts them.
const mostListed = 10

// Text is what is posted, without the marker. It is empty where there is no outcome yet.
func (r Report) Text() string {
	var b strings.Builder
	switch r.Outcome() {
	case Fail:
		r.failed(&b)
	case Infra:
		r.lost(&b)
	case Pass:
		r.passed(&b)
	default:
		return ""
	}
	if r.Also != 0 {
		fmt.Fprintf(&b, "\nIt stands for patch set %d too, which changes no code.", r.Also)
	}
	return strings.TrimSpace(b.String())
}

func (r Report) failed(b *strings.Builder) {
	failed := newFirst(r.blamed())
	fmt.Fprintf(b, "%s: %d of %d tasks failed on patch set %d\n\n", r.vote(), len(failed), len(r.Tasks), r.Patchset)
	for _, t := range failed[:min(len(failed), mostListed)] {
		fmt.Fprintf(b, "- %s: %s%s\n  %s\n", quoted(t.Name, longestName), ended(t), knownOf(t), r.link(t))
	}
	if more := len(failed) - mostListed; more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
	}
	b.WriteByte('\n')
	if lost := len(r.by(Infra)); lost > 0 {
		fmt.Fprintf(b, "%d lost their worker, not your change's fault.\n", lost)
	}
	if never := len(r.by(skipped)); never > 0 && failed[0].Outcome() != skipped {
		fmt.Fprintf(b, "%d could not run: what they need didn't complete.\n", never)
	}
	if running := len(r.by(Running)); running > 0 {
		fmt.Fprintf(b, "%d still to come.\n", running)
	}
	for _, url := range r.groups() {
		fmt.Fprintf(b, "All tasks: %s\n", url)
	}
	if r.Recheck {
		b.WriteString(`Comment "recheck failed" to run it again.`)
	}
}

// lost is about workers that were lost. Its first line ends where it is still under 80 characters.
func (r Report) lost(b *strings.Builder) {
	lost := r.by(Infra)
	if r.Value == 0 {
		fmt.Fprintf(b, "No verdict yet for patch set %d: %d of %d tasks lost their worker,\nnot your change's fault\n\n", r.Patchset, len(lost), len(r.Tasks))
	} else {
		fmt.Fprintf(b, "%s: %d of %d tasks lost their worker on patch set %d\n\n", r.vote(), len(lost), len(r.Tasks), r.Patchset)
	}
	for _, t := range lost[:min(len(lost), mostListed)] {
		fmt.Fprintf(b, "- %s: %s%s\n", quoted(t.Name, longestName), words(t.Reason), retried(t))
	}
	if more := len(lost) - mostListed; more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
		for _, url := range r.groups() {
			fmt.Fprintf(b, "  %s\n", url)
		}
	}
	if passed := len(r.by(Pass)); passed > 0 {
		fmt.Fprintf(b, "%d passed. ", passed)
	}
	if r.Recheck {
		b.WriteString(`Comment "recheck failed" to try again.`)
	}
}

func (r Report) passed(b *strings.Builder) {
	all := fmt.Sprintf("all %d tasks", len(r.Tasks))
	if len(r.Tasks) == 1 {
		all = "its one task"
	}
	fmt.Fprintf(b, "%s: %s passed on patch set %d\n\n", r.vote(), all, r.Patchset)
	again := slices.DeleteFunc(slices.Clone(r.Tasks), func(t Task) bool { return t.Run < 1 })
	for _, t := range again[:min(len(again), mostListed)] {
		fmt.Fprintf(b, "%s passed on its %s run.\n", quoted(t.Name, longestName), ordinal(t.Run+1))
	}
	if more := len(again) - mostListed; more > 0 {
		fmt.Fprintf(b, "And %d more passed on a later run.\n", more)
	}
	b.WriteString(strings.Join(r.groups(), "\n"))
}

func (r Report) vote() string { return Vote(r.Label, r.Value) }

// Vote is a label with a value, as Gerrit shows it.
func Vote(label string, value int) string {
	if value == 0 {
		return cut(label, 24) + " 0"
	}
	return fmt.Sprintf("%s %+d", cut(label, 24), value)
}

// Kept is what is said where a vote stands for a patchset that changes no code.
func Kept(label string, value, from, patchset int, messageOnly bool) string {
	what := "nothing"
	if messageOnly {
		what = "only the commit message"
	}
	return fmt.Sprintf("%s kept from patch set %d: patch set %d changes %s", Vote(label, value), from, patchset, what)
}

// newFirst puts first what is known to have passed before.
func newFirst(tasks []Task) []Task {
	slices.SortStableFunc(tasks, func(a, b Task) int { return newness(b) - newness(a) })
	return tasks
}

func newness(t Task) int {
	switch {
	case t.PassedOn != 0:
		return 2
	case t.Onto != "":
		return 1
	}
	return 0
}

func knownOf(t Task) string {
	var known []string
	if t.PassedOn != 0 {
		known = append(known, fmt.Sprintf("new since patch set %d", t.PassedOn))
	}
	if t.Onto != "" {
		known = append(known, "passes on "+quoted(t.Onto, longestName))
	}
	if len(known) == 0 {
		return ""
	}
	return " (" + strings.Join(known, "; ") + ")"
}

func (r Report) link(t Task) string {
	if t.Run < 0 {
		return taskcluster.TaskURL(r.RootURL, t.ID)
	}
	return taskcluster.RunURL(r.RootURL, t.ID, t.Run)
}

// groups are the pages of the groups that the tasks are of: the last few, where there were many rechecks.
func (r Report) groups() []string {
	var out []string
	for _, t := range r.Tasks {
		if url := taskcluster.GroupURL(r.RootURL, t.GroupID); !slices.Contains(out, url) && len(out) < mostListed {
			out = append(out, url)
		}
	}
	return out
}
