package ledger

import (
	"testing"

	"verdict/internal/store"
	"verdict/rules"
)

func TestOnlyALiveRuleOfALiveProcessGetsAHand(t *testing.T) {
	for _, mode := range []rules.Mode{rules.Live, rules.Shadow, rules.Off} {
		for _, process := range []bool{false, true} {
			var v store.Verdict
			witness, hand := New(&v).For(&rules.Rule{Mode: mode}, process)
			want := mode == rules.Live && !process
			if (hand != nil) != want || witness.Shadow() == want {
				t.Errorf("mode %s, process in shadow %t: a hand %t, shadow %t", mode, process, hand != nil, witness.Shadow())
			}
			witness.Decided(store.Decision{Rule: "r"})
			if len(v.Decisions) != 1 {
				t.Errorf("mode %s: %d decisions are kept", mode, len(v.Decisions))
			}
		}
	}
}
