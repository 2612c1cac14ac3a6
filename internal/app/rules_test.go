package app

import (
	"context"
	"errors"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/internal/store"
)

// mute is a store that doesn't answer.
type mute struct{ ruleset.Store }

// RuleSource implements ruleset.Store.
func (mute) RuleSource(context.Context) (store.RuleSource, error) {
	return store.RuleSource{}, errors.New("no answer")
}

// No later look would take it back: only a load does, and none may come for weeks.
func TestALookForPublishedRulesThatFailsIsNoFailedLoad(t *testing.T) {
	b := &bot{rules: &ruleset.Loader{Store: mute{}}}
	b.syncRules(t.Context())
	if said := b.loads.error(); said != "" {
		t.Errorf("the bot is degraded by %q until rules are loaded", said)
	}
}
