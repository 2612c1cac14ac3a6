package taskcluster_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

func TestRetriesAreSignedAnew(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.Fail(taskclustertest.Fault{Method: "createTask", AfterEffect: true})
	server.Fail(taskclustertest.Fault{Method: "createTask", Status: 502})
	server.Fail(taskclustertest.Fault{Method: "createTask", Status: 500, Body: `{"code":"InternalServerError","message":"x"}`})
	def, id := definition(t, nil), taskcluster.NewID()
	if _, err := botOn(t, server).CreateTask(t.Context(), id, def, callerFor(t, def)); err != nil {
		t.Fatal(err)
	}
	calls := server.Calls()
	if len(calls) != 4 || len(server.Tasks()) != 1 {
		t.Fatalf("%d calls made %d tasks, want 4 and 1", len(calls), len(server.Tasks()))
	}
	for i, call := range calls {
		if call.Replayed {
			t.Errorf("call %d was not signed anew", i)
		}
		if call.TraceID != calls[0].TraceID {
			t.Errorf("call %d has trace %s, want that of the first, %s", i, call.TraceID, calls[0].TraceID)
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.Fail(taskclustertest.Fault{Status: 503, Times: 100})
	_, err := botOn(t, server).Status(t.Context(), taskcluster.NewID())
	if !errors.Is(err, taskcluster.ErrUnavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	if n := len(server.Calls()); n != 4 {
		t.Errorf("tried %d times, want 4", n)
	}
}

func TestALongRetryAfterIsLeftToTheCaller(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.Fail(taskclustertest.Fault{Status: 503, RetryAfter: 10 * time.Minute})
	_, err := botOn(t, server).Status(t.Context(), taskcluster.NewID())
	var answer *taskcluster.APIError
	if !errors.As(err, &answer) || answer.RetryAfter != 10*time.Minute {
		t.Errorf("got %v, want an APIError that asks for 10 minutes", err)
	}
	if n := len(server.Calls()); n != 1 {
		t.Errorf("tried %d times, want once", n)
	}
}

func TestTheContextEndsACall(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.Fail(taskclustertest.Fault{Hang: true, Times: 100})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := botOn(t, server).Status(ctx, taskcluster.NewID()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestA401IsTriedOnceMoreWithATokenReadAnew(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	var reads atomic.Int32
	queue := newQueue(t, server.URL, &taskcluster.RotatingCredentials{ClientID: "bot", AccessToken: func() (string, error) {
		if reads.Add(1) == 1 {
			return "the-token-before", nil
		}
		return "bot-token", nil
	}})
	id := taskcluster.NewID()
	if _, err := queue.Status(t.Context(), id); !errors.Is(err, taskcluster.ErrNotFound) {
		t.Errorf("got %v, want that there is no task %s", err, id)
	}
	server.AddClient("bot", "yet-another", team...)
	if _, err := queue.Status(t.Context(), id); !errors.Is(err, taskcluster.ErrAuth) {
		t.Errorf("got %v of a changed token, want a refusal", err)
	}
	var statuses []int
	for _, call := range server.Calls() {
		statuses = append(statuses, call.Status)
	}
	if fmt.Sprint(statuses) != "[401 404 401 401]" {
		t.Errorf("answers %v, want [401 404 401 401]: one try with what is read anew, or with the token before, each time", statuses)
	}
}
