package taskcluster_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

func TestListTaskGroupReadsAllPages(t *testing.T) {
	server := newServer(t, taskclustertest.Config{PageLimit: 2})
	group := taskcluster.NewID()
	for i := range 5 {
		if err := server.AddTask(taskcluster.NewID(), map[string]any{
			"taskGroupId": group, "taskQueueId": "gfx/ci",
			"metadata": map[string]any{"name": fmt.Sprint("task ", i), "description": "", "owner": "o", "source": "https://x"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	queue := botOn(t, server)
	got, err := queue.ListTaskGroup(t.Context(), group, 5)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, task := range got.Tasks {
		names[task.Task.Metadata.Name+" "+task.Status.State] = true
	}
	if len(names) != 5 || !names["task 4 pending"] || got.SchedulerID != "-" {
		t.Errorf("got %v of scheduler %q, want task 0 to 4, pending, of -", names, got.SchedulerID)
	}
	if n := len(server.Calls()); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
	if _, err := queue.ListTaskGroup(t.Context(), group, 4); !errors.Is(err, taskcluster.ErrGroupTooLarge) {
		t.Errorf("got %v, want too large", err)
	}
	if _, err := queue.ListTaskGroup(t.Context(), taskcluster.NewID(), 0); !errors.Is(err, taskcluster.ErrNotFound) {
		t.Errorf("got %v of an unknown group, want not found", err)
	}
}

func TestListTaskGroupGoesOnAfterAnEmptyPage(t *testing.T) {
	pages := map[string]string{
		"":  `{"taskGroupId":"g","tasks":[],"continuationToken":"1"}`,
		"1": `{"taskGroupId":"g","tasks":[{"status":{"taskId":"a"}}]}`,
	}
	got, err := newQueue(t, pagesServer(t, pages), nil).ListTaskGroup(t.Context(), taskcluster.NewID(), 0)
	if err != nil || len(got.Tasks) != 1 {
		t.Errorf("got %+v (%v), want one task", got, err)
	}
}

func TestListTaskGroupStopsInACircle(t *testing.T) {
	pages := map[string]string{
		"":  `{"taskGroupId":"g","tasks":[],"continuationToken":"1"}`,
		"1": `{"taskGroupId":"g","tasks":[],"continuationToken":"2"}`,
		"2": `{"taskGroupId":"g","tasks":[],"continuationToken":"1"}`,
	}
	got, err := newQueue(t, pagesServer(t, pages), nil).ListTaskGroup(t.Context(), taskcluster.NewID(), 0)
	if !errors.Is(err, taskcluster.ErrUnavailable) {
		t.Errorf("got %+v (%v), want an error: what comes after the circle was never seen", got, err)
	}
}

// pagesServer answers by continuation token.
func pagesServer(t *testing.T, pages map[string]string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, pages[r.URL.Query().Get("continuationToken")])
	}))
	t.Cleanup(server.Close)
	return server.URL
}
