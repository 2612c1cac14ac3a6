package contract_test

import (
	"os"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
	"verdict/taskcluster/taskclustertest/contract"
)

func TestStandIn(t *testing.T) {
	server, err := taskclustertest.NewServer(taskclustertest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	env := contract.Env{
		RootURL:     server.URL + "/",
		Credentials: taskcluster.Credentials{ClientID: "lab/bot", AccessToken: "token"},
		TaskQueueID: "lab/ci",
		SchedulerID: "verdict-contract",
	}
	server.AddClient("lab/bot", "token", "assume:lab")
	server.SetRole("lab",
		"auth:create-client:lab/bot/*", "queue:create-task:medium:lab/ci", "queue:create-task:project:none",
		"queue:scheduler-id:verdict-contract*", "queue:cancel-task:verdict-contract*", "queue:route:verdict-contract.*")
	contract.Run(t, env)
}

// TestDeployment runs the suite against a real deployment, where one is named.
func TestDeployment(t *testing.T) {
	env := contract.Env{
		RootURL:     os.Getenv("TASKCLUSTER_ROOT_URL"),
		Credentials: *taskcluster.CredentialsFromEnvVars(),
		TaskQueueID: os.Getenv("VERDICT_TEST_TASK_QUEUE"),
		SchedulerID: "verdict-contract",
	}
	if env.RootURL == "" || env.Credentials.ClientID == "" || env.TaskQueueID == "" {
		t.Skip("no deployment: set TASKCLUSTER_ROOT_URL, TASKCLUSTER_CLIENT_ID, TASKCLUSTER_ACCESS_TOKEN and, naming a queue without workers, VERDICT_TEST_TASK_QUEUE")
	}
	contract.Run(t, env)
}
