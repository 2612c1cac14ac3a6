package deliver

import (
	"fmt"

	"verdict/gerrit"
	"verdict/internal/ingest"
	"verdict/internal/store"
)

// Answer makes of an action, which says whose it is and on which change, one that tells a person why what they wrote came
// to nothing. It is known by its key, the person and the change, so there is one. It is about no patchset: a later one
// doesn't make it stale.
func Answer(a store.Action, text string, account int64) (store.Action, error) {
	args := Args{Message: text, Notify: gerrit.NotifyNone, Tell: []string{fmt.Sprint(account)}}
	var err error
	a.ID = ingest.ID("action", "command", a.Key, fmt.Sprintf("%s~%d", a.Server, a.Change), fmt.Sprint(account))
	a.Kind, a.State = KindComment, store.ActionPending
	a.ArgsVersion, a.Args, err = args.Encode()
	return a, err
}
