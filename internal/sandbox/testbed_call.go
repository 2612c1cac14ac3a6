package sandbox

import (
	"context"
	"encoding/json"

	"verdict/taskcluster"
)

// onlyQueue has calls of the queue done, since tasks are part of a test's world. Of all else nothing is there: what
// rules ask for is taken, and shows in what they decided.
type onlyQueue struct{ *taskcluster.Services }

// Call implements deliver.Services.
func (s onlyQueue) Call(ctx context.Context, service string, call taskcluster.Call, caller taskcluster.Caller) (json.RawMessage, error) {
	if service == "queue" {
		return s.Services.Call(ctx, service, call, caller)
	}
	return json.RawMessage("{}"), nil
}
