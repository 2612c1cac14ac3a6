package ruletest

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

// compareDecisions holds what the rules decided to what they have to.
func (r *run) compareDecisions() {
	want := r.test.Expect
	if want == nil {
		return
	}
	if want.Rule != "" && !slices.ContainsFunc(r.set.Rules(), func(rule *rules.Rule) bool { return rule.Name == want.Rule }) {
		var names []string
		for _, rule := range r.set.Rules() {
			names = append(names, rule.Name)
		}
		r.find(Finding{Line: want.Line, What: fmt.Sprintf("%s has no rule %q; %s", r.file.Team, want.Rule, yamlfile.DidYouMean(want.Rule, names))})
		return
	}
	switch {
	case want.Nothing:
		r.expectNothing(want)
	case want.Stopped != "":
		r.expectStop(want)
	case want.Actions != nil:
		r.expectActions(want)
	default:
		r.expectMatch(want)
	}
}

func (r *run) expectNothing(want *Expect) {
	var got []string
	for _, d := range r.decisions("") {
		for _, a := range actionsOf(d) {
			if !a.taken && !d.Shadow {
				got = append(got, d.Rule+": "+a.String())
			}
		}
	}
	if len(got) > 0 {
		r.find(Finding{Line: want.Line, What: "nothing was to be decided", Want: []string{nothing}, Got: got, Trees: r.trees("", r.events)})
	}
}

func (r *run) expectMatch(want *Expect) {
	if slices.ContainsFunc(r.decisions(want.Rule), func(d Decision) bool { return d.Matched }) {
		return
	}
	r.find(Finding{Line: want.Line, What: want.Rule + " was to match, and stops", Want: []string{"matches"}, Got: []string{"stops at " + r.stop(want.Rule)}, Trees: r.trees(want.Rule, r.events)})
}

func (r *run) expectStop(want *Expect) {
	all := r.decisions(want.Rule)
	if want.Stopped == rules.OnceStop && slices.ContainsFunc(all, func(d Decision) bool { return strings.HasPrefix(d.Stopped, rules.OnceStop+":") }) {
		return // before it, it has matched
	}
	for _, d := range all {
		if d.Matched {
			r.find(Finding{Line: want.Line, What: want.Rule + " was to stop, and matches", Want: []string{"stops at " + want.Stopped}, Got: []string{"matches"}, Trees: r.trees(want.Rule, r.events)})
			return
		}
	}
	if got := r.stop(want.Rule); !sameStop(want.Stopped, got) {
		r.find(Finding{Line: want.Line, What: want.Rule + " stops somewhere else", Want: []string{"stops at " + want.Stopped}, Got: []string{"stops at " + got}, Trees: r.trees(want.Rule, r.events)})
	}
}

// stop is where the last decision of a rule stopped; without one, the part of its `on` that kept it away.
func (r *run) stop(rule string) string {
	all := r.decisions(rule)
	if len(all) > 0 {
		return all[len(all)-1].Stopped
	}
	best := rules.OnEvent
	for _, e := range r.events {
		if why := refusal(r.set, rule, e.Occurrence, r.o.ExchangePrefix); len(why) > len(rules.OnEvent) {
			best = why
		}
	}
	return best
}

// refusal is the part of a rule's `on` that keeps it from an occurrence: of several triggers, the last that is about
// this kind of event at all.
func refusal(set *rules.Set, name string, o rules.Occurrence, prefix string) string {
	best := rules.OnEvent
	for _, rule := range set.Rules() {
		for _, t := range rule.On {
			if rule.Name != name {
				continue
			}
			if why := t.Refuses(o, prefix); why != rules.OnEvent {
				best = why
			}
		}
	}
	return best
}

// sameStop compares clauses as they are read, whatever their spaces. Where the bot says more behind a colon, the word
// before it is enough.
func sameStop(want, got string) bool {
	want, got = strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(got), " ")
	return want == got || strings.HasPrefix(got, want+":")
}

func (r *run) expectActions(want *Expect) {
	var got []decided
	var lines []string
	for _, d := range r.decisions(want.Rule) {
		if d.Shadow && want.Rule == "" {
			continue // nothing is done
		}
		for _, a := range actionsOf(d) {
			got, lines = append(got, a), append(lines, a.String())
		}
	}
	var wanted []string
	fits := len(got) == len(want.Actions)
	for i, w := range want.Actions {
		one := fits && got[i].fits(w)
		fits = fits && one
		if one || i < len(got) && got[i].fits(w) {
			wanted = append(wanted, got[i].String()) // it is no difference
			continue
		}
		wanted = append(wanted, w.String())
	}
	if fits {
		return
	}
	if len(wanted) == 0 {
		wanted = []string{"no action"}
	}
	if len(lines) == 0 {
		lines = []string{"no action"}
	}
	r.find(Finding{Line: want.Line, What: "other actions were decided", Want: wanted, Got: lines, Trees: r.trees(want.Rule, r.events)})
}

// decisions are those of a rule so far, or of all.
func (r *run) decisions(rule string) []Decision { return decisionsIn(r.events, rule) }

func decisionsIn(events []Event, rule string) []Decision {
	var out []Decision
	for _, e := range events {
		for _, d := range e.Decisions {
			if (rule == "" || d.Rule == rule) && !d.IsFind() {
				out = append(out, d)
			}
		}
	}
	return out
}

// maxTrees is how many decisions a finding explains: the last ones.
const maxTrees = 6

// trees explain what was decided on events, each thing once.
func (r *run) trees(rule string, events []Event) []Tree {
	var out []Tree
	for _, d := range decisionsIn(events, rule) {
		if slices.ContainsFunc(out, func(t Tree) bool { return t.Rule == d.Rule && shown(t.Decision) == shown(d.Decision) }) {
			continue
		}
		t := Tree{Rule: d.Rule, Decision: d.Decision}
		for _, known := range r.set.Rules() {
			if known.Name == d.Rule {
				t.Outline = known.Outline()
			}
		}
		out = append(out, t)
	}
	return out[max(0, len(out)-maxTrees):]
}

// decided is an action as it was decided.
type decided struct {
	kind  string
	value any
	also  map[string]string
	taken bool
}

// String is the action as an author writes it.
func (a decided) String() string { return actionLine(a.kind, a.value, a.also, a.taken) }

// String is the action as an author writes it.
func (a ExpectedAction) String() string { return actionLine(a.Kind, a.Want, a.Also, a.Taken) }

func actionLine(kind string, value any, also map[string]string, taken bool) string {
	text := kind + ": " + shown(value)
	for _, key := range textKeys {
		if v, ok := also[key]; ok && v != "" {
			text += ", " + key + ": " + shown(v)
		}
	}
	if taken {
		text += ", stands: false"
	}
	return text
}

func (a decided) fits(want ExpectedAction) bool {
	if a.kind != want.Kind || a.taken != want.Taken {
		return false
	}
	for key, text := range want.Also {
		if key == "message" && !strings.Contains(a.also[key], strings.TrimSpace(text)) || key != "message" && a.also[key] != text {
			return false
		}
	}
	wanted := plain(want.Want)
	if list, ok := wanted.([]any); ok && a.kind == "hashtags" {
		wanted = map[string]any{"add": list}
	}
	if said, ok := a.value.(string); ok && a.kind == "comment" {
		part, isText := want.Want.(string)
		return isText && strings.Contains(said, strings.TrimSpace(part))
	}
	return contains(wanted, plain(a.value))
}

// actionsOf are the actions of a decision, as rules write them.
func actionsOf(d Decision) []decided {
	var out []decided
	for _, a := range d.Actions {
		one := decided{kind: a.Kind, also: map[string]string{"key": a.Key, "message": a.Message, "notify": a.Notify, "approve": a.Approve}}
		switch a.Kind {
		case "vote":
			one.value, one.taken = a.Labels, !standing(d, "label", keysOf(a.Labels))
		case "report":
			one.value = a.Report
		case "comment":
			one.value = a.Message
			delete(one.also, "message")
		case "hashtags":
			one.taken = len(a.Add)+len(a.Remove) == 0 && slices.ContainsFunc(d.Opinions, func(o rules.Opinion) bool { return o.Kind == "hashtag" && !o.Stands })
			one.value = present(map[string][]string{"add": a.Add, "remove": a.Remove})
		case "task":
			one.value = a.Task
			one.also["key"] = a.TaskKey
		case "topic":
			one.value = a.Topic
		case "rerun", "cancel":
			one.value = stepOf(a)
		case "hook", "call":
			one.value = callOf(a)
		case "reviewers", "attention":
			one.value = present(map[string][]string{"add": a.Add, "cc": a.CC, "remove": a.Remove})
		default:
			one.value = map[string]any{}
		}
		out = append(out, one)
	}
	return out
}

func stepOf(a rules.Action) map[string]any {
	out := map[string]any{}
	if a.Tasks != "" {
		out["tasks"] = a.Tasks
	}
	if len(a.Named) > 0 {
		out["named"] = strings.Join(a.Named, " ")
	}
	return out
}

// callOf is a hook or a call, as a rule writes it.
func callOf(a rules.Action) map[string]any {
	out := map[string]any{"happens": "at least once"}
	if a.Call.Once {
		out["happens"] = "at most once"
	}
	if a.Call.Payload != nil {
		out["payload"] = a.Call.Payload
	}
	if a.Kind == "hook" {
		out["id"] = a.Call.With["hookGroupId"] + "/" + a.Call.With["hookId"]
		return out
	}
	with := map[string]any{}
	for name, text := range a.Call.With {
		with[name] = text
	}
	out["method"], out["with"] = a.Call.Method, with
	return out
}

func present(lists map[string][]string) map[string]any {
	out := map[string]any{}
	for k, list := range lists {
		if len(list) > 0 {
			out[k] = list
		}
	}
	return out
}

func standing(d Decision, kind string, targets []string) bool {
	for _, o := range d.Opinions {
		if o.Kind == kind && slices.Contains(targets, o.Target) && !o.Stands {
			return false
		}
	}
	return true
}

func keysOf(m map[string]int) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}
