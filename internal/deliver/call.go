package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"verdict/internal/store"
	"verdict/taskcluster"
	"verdict/taskcluster/scopes"
)

// Services is what delivery needs of Taskcluster's services, for hooks and calls.
type Services interface {
	// Call makes one call, and doesn't try it again by itself but after a 401. The zero caller is the bot.
	Call(ctx context.Context, service string, call taskcluster.Call, caller taskcluster.Caller) (json.RawMessage, error)
}

// CallArgs is a method to call, as it was decided.
type CallArgs struct {
	Method  string            `json:"method"`
	With    map[string]string `json:"with,omitempty"`
	Payload json.RawMessage   `json:"payload,omitempty"`
	// Once says that it happens at most once: it isn't sent again where it may have been taken.
	Once bool `json:"once,omitempty"`
	// Sent is how many attempts began; a retry by hand doesn't take it back.
	Sent int `json:"sent,omitempty"`
}

// calls makes the hooks and calls that are due, each by itself.
func (r *laneRun) calls(ctx context.Context) error {
	for _, w := range r.pending {
		if w.Kind != KindHook && w.Kind != KindCall {
			continue
		}
		o, err := r.makeCall(ctx, w)
		if err != nil {
			return err
		}
		if err := r.finish(ctx, []store.Outcome{o}, store.Effects{}); err != nil {
			return err
		}
	}
	return nil
}

func (r *laneRun) makeCall(ctx context.Context, w work) (store.Outcome, error) {
	args := w.args.Call
	if args == nil || r.d.Services == nil {
		return outcome(w.Action, store.ActionDead, "there is nothing to call"), nil
	}
	if args.Once && maybeTaken(w) {
		return mayHaveHappened(w, "the bot stopped before it heard the answer"), nil
	}
	if why, err := r.taskStale(ctx, w); err != nil || why != "" {
		if err != nil {
			return retry(w.Action, err), nil
		}
		return outcome(w.Action, store.ActionSuperseded, why), nil
	}
	m, request, err := requestOf(args.Method, args.With, args.payload())
	if err != nil {
		return outcome(w.Action, store.ActionDead, err.Error()), nil
	}
	sign, err := r.callNeeds(ctx, w, m, request)
	var waits *waitsError
	if errors.As(err, &waits) {
		return r.wait(ctx, w, waits)
	}
	var refused taskRefusal
	if errors.As(err, &refused) {
		if w.Kind == KindHook {
			err = r.tell(ctx, w, refused)
		} else {
			err = nil
		}
		return outcome(w.Action, store.ActionDead, refused.Error()), err
	}
	if err != nil {
		return retry(w.Action, err), nil
	}
	return r.sendCall(ctx, w, m, request, sign)
}

// sendCall makes the one attempt.
func (r *laneRun) sendCall(ctx context.Context, w work, m *scopes.Method, request scopes.Request, sign signature) (store.Outcome, error) {
	again := maybeTaken(w)
	call := *w.args.Call
	call.Sent++
	w.args.Call = &call
	_, began, err := w.args.Encode()
	if err != nil {
		return store.Outcome{}, err
	}
	var answer json.RawMessage
	err = r.attempt(ctx, []store.Start{{ActionID: w.ID, Args: began}}, func(ctx context.Context) (err error) {
		answer, err = r.d.Services.Call(ctx, m.Service, sent(m, request), taskcluster.Caller{Name: w.Team + "/" + w.Rule, Scopes: sign.Scopes})
		return err
	})
	if notBegun(err) {
		return store.Outcome{}, err
	}
	switch {
	case err == nil, errors.Is(err, taskcluster.ErrTooLarge):
		return called(w, answer, sign), nil
	case again && m.Verb == http.MethodDelete && errors.Is(err, taskcluster.ErrNotFound):
		return called(w, nil, sign), nil // the attempt before did it
	case again && final(err):
		return outcome(w.Action, store.ActionDead, err.Error()+"; an attempt before got no answer, and may have been taken"), nil
	case final(err):
		return r.refusedCall(ctx, w, err)
	case !takenPerhaps(err) && !again:
		return notTaken(w, err), nil
	case call.Once:
		return mayHaveHappened(w, err.Error()), nil
	}
	return retry(w.Action, err), nil
}

// refusedCall ends what the service refuses. That a hook takes no such payload is told to the change's people.
func (r *laneRun) refusedCall(ctx context.Context, w work, err error) (store.Outcome, error) {
	o := outcome(w.Action, store.ActionDead, err.Error())
	if w.Kind != KindHook || !errors.Is(err, taskcluster.ErrInvalid) {
		return o, nil
	}
	return o, r.tell(ctx, w, &impossibleError{of: subject{kind: KindHook, name: strings.TrimPrefix(w.Key, KindHook+":")}, patchset: w.Patchset, why: err})
}

// mayHaveHappened ends what happens at most once, of which nobody knows whether it did.
func mayHaveHappened(w work, why string) store.Outcome {
	return outcome(w.Action, store.ActionDead, fmt.Sprintf(
		"it may have happened: %s. It happens at most once, so it isn't sent again; bot actions retry %s sends it", why, w.ID[:min(10, len(w.ID))]))
}

// untaken is kept as the result of an attempt that the service certainly didn't take: how many had begun.
type untaken struct {
	Untaken int `json:"untaken"`
}

// notTaken has another attempt follow one that did nothing.
func notTaken(w work, err error) store.Outcome {
	o := retry(w.Action, err)
	o.Result, _ = json.Marshal(untaken{w.args.Call.Sent}) // a number can always be written
	return o
}

// maybeTaken says whether an attempt at an action began of which nobody knows how it ended: one that was answered, or
// didn't reach the service, is noted.
func maybeTaken(w work) bool {
	var last untaken
	_ = json.Unmarshal(w.Result, &last) // another result is none of an attempt that failed
	return w.Attempts > 0 && w.args.Call.Sent > last.Untaken
}

// takenPerhaps says whether a call that failed may have had its effect: unless there was no connection, or the service
// itself refused.
func takenPerhaps(err error) bool {
	var dial *net.OpError
	var answer *taskcluster.APIError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return false
	case errors.As(err, &answer):
		known := answer.Code != "" || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusUnauthorized
		return answer.StatusCode >= http.StatusInternalServerError || !known
	}
	return !errors.Is(err, taskcluster.ErrAuth)
}

// called keeps what a hook made, and nothing else of an answer, which may hold secrets.
func called(w work, answer json.RawMessage, sign signature) store.Outcome {
	var made struct {
		TaskID string `json:"taskId,omitempty"`
		signature
	}
	if w.Kind == KindHook {
		_ = json.Unmarshal(answer, &made) // a hook may make no task
	}
	made.signature = sign
	o := outcome(w.Action, store.ActionDone, "")
	o.Result, _ = json.Marshal(made) // texts can always be written
	o.Made = made.TaskID
	return o
}

// heard are the methods that bring a task to a state of which rules hear.
var heard = []string{"queue.scheduleTask", "queue.rerunTask", "queue.cancelTask", "queue.reportCompleted", "queue.reportFailed", "queue.reportException"}

// CalledTask is the task of which rules hear by a call; "": there is none.
func CalledTask(a store.Action) (taskID string, err error) {
	args, err := argsOf(a)
	if err != nil || args.Call == nil || !slices.Contains(heard, args.Call.Method) {
		return "", err
	}
	return args.Call.With["taskId"], nil
}

// payload is nil where there is none, which a nil json.RawMessage in an any isn't.
func (a *CallArgs) payload() any {
	if a.Payload == nil {
		return nil
	}
	return a.Payload
}
