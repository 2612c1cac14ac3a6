// Package ledger holds what deciding one event writes, and says who may write what.
//
// A rule that is live gets a Hand, with which it acts; any rule gets a Witness, which keeps its decision and can do
// nothing else. There is no Hand for a rule in shadow, nor for any in a process in mode shadow: a Hand that was made in
// another way than by a Ledger writes nowhere. What a rule means is internal/decide's, which calls it; what is in a
// ledger internal/store writes, in one transaction.
package ledger

import (
	"verdict/internal/store"
	"verdict/rules"
)

// Ledger is what deciding one event writes.
type Ledger struct{ verdict *store.Verdict }

// New begins a ledger that writes into a verdict.
func New(v *store.Verdict) Ledger { return Ledger{v} }

// Witness keeps what a rule decided, whatever its mode.
type Witness struct {
	verdict *store.Verdict
	shadow  bool
}

// Hand writes what comes of a decision.
type Hand struct{ verdict *store.Verdict }

// For gives a rule its part. The Hand is nil where nothing may come of what it decides: the rule, or the process, is in
// shadow.
func (l Ledger) For(rule *rules.Rule, processInShadow bool) (Witness, *Hand) {
	if processInShadow || rule.Mode != rules.Live {
		return Witness{l.verdict, true}, nil
	}
	return Witness{l.verdict, false}, &Hand{l.verdict}
}

// Shadow says that the rule only decides.
func (w Witness) Shadow() bool { return w.shadow }

// Decided keeps a decision.
func (w Witness) Decided(d store.Decision) { w.verdict.Decisions = append(w.verdict.Decisions, d) }

// Belongs says which change the event turned out to belong to.
func (w Witness) Belongs(change string) { w.verdict.Event.Change = change }

// Failed parks the event, once all that its other rules decided is written.
func (w Witness) Failed(why string) { w.verdict.Event.Error = why }

// Act adds actions.
func (h *Hand) Act(actions ...store.Action) {
	h.verdict.Actions = append(h.verdict.Actions, actions...)
}

// Acted gives the actions since there were so many; with 0 all of the event's.
func (h *Hand) Acted(since int) []store.Action { return h.verdict.Actions[since:] }

// Think adds an opinion.
func (h *Hand) Think(o store.Opinion) { h.verdict.Opinions = append(h.verdict.Opinions, o) }

// Link ties tasks and groups to a patchset.
func (h *Hand) Link(links ...store.Link) { h.verdict.Links = append(h.verdict.Links, links...) }

// Once remembers what is done once.
func (h *Hand) Once(onces ...store.Once) { h.verdict.Onces = append(h.verdict.Onces, onces...) }

// Cause keeps what an action will be heard of by.
func (h *Hand) Cause(c store.Cause) { h.verdict.Causes = append(h.verdict.Causes, c) }

// Hold stops a rule.
func (h *Hand) Hold(hold store.Hold) { h.verdict.Holds = append(h.verdict.Holds, hold) }
