package integrationtest

import (
	"cmp"
	"os"
	"strings"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest/contract"
)

func TestDeployment(t *testing.T) {
	env := contract.Env{
		RootURL:     os.Getenv("TASKCLUSTER_ROOT_URL"),
		Credentials: *taskcluster.CredentialsFromEnvVars(),
		TaskQueueID: os.Getenv("VERDICT_TEST_TASK_QUEUE"),
		SchedulerID: "verdict-contract",
	}
	var missing []string
	for _, name := range []string{"TASKCLUSTER_ROOT_URL", "TASKCLUSTER_CLIENT_ID", "TASKCLUSTER_ACCESS_TOKEN", "VERDICT_TEST_TASK_QUEUE"} {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		env.Credentials.ClientID = cmp.Or(env.Credentials.ClientID, "<TASKCLUSTER_CLIENT_ID>")
		env.TaskQueueID = cmp.Or(env.TaskQueueID, "<VERDICT_TEST_TASK_QUEUE>")
		t.Skipf("no deployment to test: set %s (the queue is one without workers). The client needs these scopes:\n\t%s",
			strings.Join(missing, ", "), strings.Join(env.Scopes(), "\n\t"))
	}
	if env.Credentials.Certificate != "" {
		t.Fatal("TASKCLUSTER_CERTIFICATE is set: the suite makes temporary credentials, which only permanent ones can")
	}
	contract.Run(t, env)
}
