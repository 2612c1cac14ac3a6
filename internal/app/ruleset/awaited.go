package ruleset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"verdict/internal/store"
	"verdict/rules"
)

// lookAtAwaited has the changes looked at of which reports wait for tasks, where other rules report now than before:
// what waited may not have to any more, and what showed may have to wait. After a start nobody knows what was before.
func (l *Loader) lookAtAwaited(ctx context.Context, before, now *Active) error {
	if before != nil && reportsOf(before.Set) == reportsOf(now.Set) {
		return nil
	}
	awaited, err := l.Store.AwaitedNow(ctx)
	if err != nil {
		return err
	}
	looks := map[string]store.Action{}
	for _, a := range awaited {
		lane := fmt.Sprintf("%s~%d", a.Server, a.Change)
		look, err := look(now, lane, store.Opinion{Server: a.Server, Change: a.Change, Patchset: a.Patchset, Revision: a.Revision})
		if err != nil {
			return err
		}
		look.Project, look.Branch = a.Project, a.Branch
		looks[lane] = look
	}
	if len(looks) == 0 {
		return nil
	}
	if err := l.Store.AddActions(ctx, slices.Collect(maps.Values(looks))); err != nil {
		return fmt.Errorf("look at what reports wait for: %w", err)
	}
	return nil
}

// reportsOf tells sets apart whose live rules report otherwise.
func reportsOf(set *rules.Set) string {
	var text strings.Builder
	write := json.NewEncoder(&text)
	for _, r := range set.Rules() {
		if r.Mode != rules.Live {
			continue
		}
		for _, report := range r.Reports() {
			write.Encode([]any{r.Team, r.Name, report}) // texts and numbers
			for _, t := range r.On {
				write.Encode([]any{t.Server, t.Projects, t.Branches})
			}
		}
	}
	return text.String()
}
