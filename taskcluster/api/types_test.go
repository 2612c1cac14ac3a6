package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"verdict/taskcluster/api/exchanges"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/api/tcauth"
	"verdict/taskcluster/api/tcdockerworker"
	"verdict/taskcluster/api/tcgithub"
	"verdict/taskcluster/api/tcobject"
	"verdict/taskcluster/api/tcqueue"
	"verdict/taskcluster/api/tcqueueevents"
	"verdict/taskcluster/api/tcsecrets"
	"verdict/taskcluster/api/tcworkermanager"
)

func TestAbsentAndEmptyDiffer(t *testing.T) {
	for _, text := range []string{
		`{"reasonCreated":"scheduled","runId":0,"scheduled":"2026-11-22T22:43:26.278Z","state":"pending"}`,
		`{"reasonCreated":"retry","reasonResolved":"failed","resolved":"2026-11-22T22:43:26.278Z","runId":1,"scheduled":"2026-11-22T22:43:26.278Z","state":"failed"}`,
	} {
		checkRoundTrip(t, "a run", json.RawMessage(text), &tcqueue.TaskStatusRun{})
	}
	for _, text := range []string{`{}`, `{"retries":0}`, `{"dependencies":[]}`, `{"tags":{}}`, `{"extra":{}}`} {
		request := &tcqueue.CreateTaskRequest{}
		if err := json.Unmarshal([]byte(text), request); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(again, &fields); err != nil {
			t.Fatal(err)
		}
		for _, required := range []string{"created", "deadline", "metadata", "payload"} {
			delete(fields, required)
		}
		if left, _ := json.Marshal(fields); string(left) != text {
			t.Errorf("%s is written as %s beside what is required", text, left)
		}
	}
}

func TestUnionIsReadAsWhatItIs(t *testing.T) {
	var payload tcdockerworker.Payload
	if err := json.Unmarshal([]byte(`{"image":{"type":"indexed-image","namespace":"a.b","path":"public/i.tar"},"maxRunTime":60}`), &payload); err != nil {
		t.Fatal(err)
	}
	image, err := payload.Image.AsIndexedDockerImage()
	if err != nil || image.Namespace != "a.b" || image.Path != "public/i.tar" {
		t.Errorf("read as %+v, %v", image, err)
	}
	if image, err := payload.Image.AsNamedDockerImage(); err == nil {
		t.Errorf("an indexed image is read as a named one: %+v", image)
	}
	if text, err := payload.Image.AsString(); err == nil {
		t.Errorf("an indexed image is read as text: %q", text)
	}
	if err := payload.Image.SetString("ubuntu:24.04"); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(payload); err != nil || string(text) != `{"image":"ubuntu:24.04","maxRunTime":60}` {
		t.Errorf("written as %s, %v", text, err)
	}
}

func TestUnionIsToldByItsConstants(t *testing.T) {
	var answer tcobject.DownloadObjectResponse
	if err := json.Unmarshal([]byte(`{"method":"getUrl","url":"https://x.example.org","expires":"2026-11-22T22:43:26.278Z","hashes":{"sha256":"00","md5":"11"}}`), &answer); err != nil {
		t.Fatal(err)
	}
	if _, err := answer.AsSimpleDownloadResponse(); err == nil {
		t.Error("getUrl is read as simple")
	}
	got, err := answer.AsGetURLDownloadResponse()
	if err != nil || got.Hashes.SHA256 != "00" || string(got.Hashes.Additional["md5"]) != `"11"` {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestPropertiesBesideThoseNamedAreKept(t *testing.T) {
	text := `{"ImageId":"ami-1","InstanceType":"m5","Nested":{"a":[1,{"b":null}]}}`
	config := &tcworkermanager.ConfigAWSLaunchConfigLaunchConfig{}
	if err := json.Unmarshal([]byte(text), config); err != nil {
		t.Fatal(err)
	}
	if config.ImageID != "ami-1" || len(config.Additional) != 2 {
		t.Errorf("read as %+v", config)
	}
	if again, err := json.Marshal(config); err != nil || string(again) != text {
		t.Errorf("written as %s, %v; want %s", again, err, text)
	}
}

func TestNullIsKept(t *testing.T) {
	push := &tcgithub.WebhookPushPayload{}
	if err := json.Unmarshal([]byte(`{"ref":"refs/heads/main","head_commit":null}`), push); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(push); err != nil || !strings.Contains(string(again), `"head_commit":null`) {
		t.Errorf("written as %s, %v; want the null that was read", again, err)
	}
	push.HeadCommit = &tcgithub.WebhookPushPayloadHeadCommit{ID: "1"}
	if again, err := json.Marshal(push); err != nil || !strings.Contains(string(again), `"head_commit":{"id":"1"`) {
		t.Errorf("written as %s, %v; want the commit that was set", again, err)
	}
}

func TestSecretsDontPrint(t *testing.T) {
	const token = "a very secret text"
	claim := tcqueue.TaskClaimResponse{Credentials: tcqueue.TaskCredentials{ClientID: "x", AccessToken: token, Certificate: token}}
	for _, value := range []any{
		claim, &claim, claim.Credentials, &claim.Credentials, []tcqueue.TaskCredentials{claim.Credentials},
		tcsecrets.Secret{Secret: json.RawMessage(`"` + token + `"`)}, tcauth.CreateClientResponse{AccessToken: token},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			printed := fmt.Sprintf(verb, value)
			if strings.Contains(printed, token) || strings.Contains(printed, fmt.Sprintf("%x", token)) {
				t.Errorf("%s of a %T shows the token: %s", verb, value, printed)
			}
		}
	}
}

func TestBindingIsForWhatIsSet(t *testing.T) {
	for want, b := range map[string]binding{
		"primary.*.*.*.*.*.*.*.*.#":           tcqueueevents.TaskFailed{},
		"primary.x.*.*.*.lab.ci.*.*.#":        tcqueueevents.TaskFailed{TaskID: "x", ProvisionerID: "lab", WorkerType: "ci"},
		"primary.g.*.#":                       tcqueueevents.TaskGroupResolved{TaskGroupID: "g"},
		"primary.*._.*.*.*.*.*.*.later.words": tcqueueevents.TaskDefined{RunID: "_", Reserved: "later.words"},
	} {
		if got := b.RoutingKey(); got != want {
			t.Errorf("%T binds by %s, want %s", b, got, want)
		}
	}
}

func TestMessageIsDecoded(t *testing.T) {
	message, err := tcqueueevents.TaskFailed{}.Message([]byte(`{"runId":1,"status":{"taskId":"x","runs":[{"runId":0},{"runId":1,"reasonResolved":"failed"}]}}`))
	if err != nil || message.RunID != 1 || message.Status.Runs[1].ReasonResolved != tcqueue.TaskStatusRunReasonResolvedFailed {
		t.Errorf("decoded as %+v, %v", message, err)
	}
	if message, err := (tcqueueevents.TaskFailed{}).Message([]byte(`{"runId":"one"}`)); err == nil {
		t.Errorf("decoded as %+v, want an error", message)
	}
}

func TestTablesHaveEverything(t *testing.T) {
	scoped := 0
	for _, m := range methods.All {
		if m.Scopes != nil {
			scoped++
		}
	}
	if len(methods.All) != 192 || scoped != 140 || len(methods.Past) != 40 {
		t.Errorf("%d methods, %d with scopes, and %d of 2018; want 192, 140 and 40", len(methods.All), scoped, len(methods.Past))
	}
	if len(exchanges.All) != 36 || len(exchanges.Past) != 5 {
		t.Errorf("%d exchanges, and %d of 2018; want 36 and 5", len(exchanges.All), len(exchanges.Past))
	}
	failed, ok := exchanges.Find("queue/task-failed")
	if !ok || failed.FullName != "exchange/taskcluster-queue/v1/task-failed" {
		t.Fatalf("queue/task-failed is %+v", failed)
	}
	status, _ := failed.Message.Field("status")
	runs, _ := status.Type.Field("runs")
	reason, ok := runs.Type.Elem.Field("reasonResolved")
	if !ok || !reason.Optional || len(reason.Type.Values) != 11 {
		t.Errorf("reasonResolved is %+v, want one of 11, optional", reason)
	}
	if _, ok := failed.Message.Field("nothing"); ok {
		t.Error("a field is found that isn't there")
	}
	if _, ok := exchanges.Find("queue/nothing"); ok {
		t.Error("an exchange is found that isn't there")
	}
}
