package admin

import (
	"encoding/json"
	"fmt"

	"verdict/internal/store"
)

// passedOver tells of rules that the index passed over, as decisions that were never made; it is empty where no process
// with rules answers.
func (d *Desk) passedOver(e store.Event) ([]Decision, error) {
	if d.Passed == nil {
		return nil, nil
	}
	passed := d.Passed(e)
	out := make([]Decision, 0, len(passed))
	for _, p := range passed {
		explanation, err := json.Marshal(p.Decision)
		if err != nil {
			return nil, fmt.Errorf("encode why %s/%s was passed over for event %s: %w", p.Rule.Team, p.Rule.Name, e.ID, err)
		}
		out = append(out, Decision{Rule: p.Rule.Team + "/" + p.Rule.Name, Stopped: p.Decision.Stopped, Passed: true, Explanation: explanation})
	}
	return out, nil
}
