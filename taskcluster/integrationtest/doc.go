// Package integrationtest runs the contract suite of taskclustertest against a
// real deployment: the one that TASKCLUSTER_ROOT_URL names, as the client of
// TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN, on the task queue of
// VERDICT_TEST_TASK_QUEUE, which no worker should serve. Without these its tests
// are skipped, and say what is missing. It leaves tasks that expire within an
// hour, and nothing else.
package integrationtest
