package taskclustertest_test

import (
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

func TestAMessageAboutARunComesAfterTheNextOneFailed(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	id := add(t, server, nil)
	server.DelayNext("task-failed")
	run(t, server, id, taskcluster.Failed, "")
	if err := server.Rerun(id); err != nil {
		t.Fatal(err)
	}
	run(t, server, id, taskcluster.Failed, "")
	sent.lines = nil
	server.SendDelayed()
	sent.expect(t, "task-failed run 0 failed")
	server.SendDelayed()
	sent.expect(t)
}

func TestALostMessageNeverComes(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	server.LoseNext("task-pending")
	id := add(t, server, nil)
	sent.expect(t, "task-defined run _ unscheduled")
	run(t, server, id, taskcluster.Completed, "")
	sent.expect(t, "task-running run 0 running", "task-completed run 0 completed", "task-group-resolved")
}

func TestAGroupIsResolvedEarlyAndWhileARerunIsPending(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	group := map[string]any{"taskGroupId": taskcluster.NewID()}
	decision := add(t, server, group)
	run(t, server, decision, taskcluster.Completed, "") // all there is
	other := add(t, server, group)
	run(t, server, other, taskcluster.Failed, "")
	if err := server.Rerun(decision); err != nil {
		t.Fatal(err)
	}
	sent.lines = nil
	if err := server.SendAgain(other, 0); err != nil {
		t.Fatal(err)
	}
	if err := server.Rerun(other); err != nil {
		t.Fatal(err)
	}
	run(t, server, other, taskcluster.Completed, "")
	sent.expect(t, "task-failed run 0 failed", "task-pending run 1 pending",
		"task-running run 1 running", "task-completed run 1 completed", "task-group-resolved")
	if task, _ := server.Task(decision); task.Status.State != taskcluster.Pending {
		t.Errorf("the other task is %s, want pending", task.Status.State)
	}
}
