package sandbox

import (
	"context"
	"strings"

	"verdict/internal/store"
)

// approve has somebody approve the actions of a key that wait for it.
func (w *bench) approve(ctx context.Context, key string) error {
	waiting, err := w.store.Actions(ctx, store.Filter{State: string(store.ActionWaiting), Limit: 1_000_000})
	if err != nil {
		return err
	}
	var keys []string
	found := false
	for _, a := range waiting {
		keys = append(keys, a.Key)
		if a.Key != key {
			continue
		}
		found = true
		if err := w.store.ApproveAction(ctx, a.ID, "an operator"); err != nil {
			return err
		}
	}
	switch {
	case found:
		return nil
	case len(keys) == 0:
		return wrong("nothing waits for approval")
	}
	return wrong("no action %q waits for approval, but %s", key, strings.Join(keys, ", "))
}
