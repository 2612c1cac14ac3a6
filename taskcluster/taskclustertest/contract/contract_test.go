package contract_test

import (
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
	server.SetRole("lab", env.Scopes()...)
	contract.Run(t, env)
}
