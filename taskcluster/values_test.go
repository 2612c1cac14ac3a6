package taskcluster_test

import (
	"encoding/json"
	"testing"
	"time"

	"verdict/taskcluster"
)

func TestTimeIsWrittenAsTaskclusterDoes(t *testing.T) {
	zone := time.FixedZone("east", 2*3600)
	at := taskcluster.Time(time.Date(2015, 10, 27, 22, 36, 19, 255_999_999, zone))
	text, err := json.Marshal(at)
	if want := `"2015-10-27T20:36:19.255Z"`; err != nil || string(text) != want {
		t.Errorf("got %s (%v), want %s", text, err, want)
	}
	var read taskcluster.Time
	if err := json.Unmarshal([]byte(`"2026-11-22T23:03:26.672+00:00"`), &read); err != nil || read.String() != "2026-11-22T23:03:26.672Z" {
		t.Errorf("read %s (%v)", read, err)
	}
}

func TestTaskIDFromIsTheSameForTheSameBytes(t *testing.T) {
	const want = "aPtBb1-rSdSR4F3SCcjqeQ" // never to change: stored actions go by it
	got := taskcluster.TaskIDFrom([]byte("event/team/rule/key"))
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if other := taskcluster.TaskIDFrom([]byte("event/team/rule/key2")); other == got {
		t.Error("other bytes gave the same id")
	}
}

func TestIDsAreNiceVersion4UUIDs(t *testing.T) {
	for i := range 256 {
		for _, id := range []string{taskcluster.TaskIDFrom([]byte{byte(i)}), taskcluster.NewID()} {
			if !taskcluster.ValidID(id) || id[0] < 'A' || id[0] > 'f' {
				t.Errorf("%s isn't one", id)
			}
		}
	}
	for _, bad := range []string{"", "not-a-slug", "FjpVeY1GSv2lhKxfx1kVAQ\n", "FjpVeY1GAv2lhKxfx1kVAQ", "../../../../../../../../"} {
		if taskcluster.ValidID(bad) {
			t.Errorf("%q was taken for an id", bad)
		}
	}
}

func TestPagesOfTasks(t *testing.T) {
	const root = "https://tc.example.org/"
	for _, c := range []struct{ got, want string }{
		{taskcluster.TaskURL(root, "A"), "https://tc.example.org/tasks/A"},
		{taskcluster.RunURL(root, "A", 1), "https://tc.example.org/tasks/A/runs/1"},
		{taskcluster.GroupURL(root, "G"), "https://tc.example.org/tasks/groups/G"},
		{taskcluster.LogURL(root, "A", 0), "https://tc.example.org/api/queue/v1/task/A/runs/0/artifacts/public/logs/live.log"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestDifferenceKnowsTheQueuesDefaults(t *testing.T) {
	const id = "FjpVeY1GSv2lhKxfx1kVAQ"
	sent := `{"created":"2026-01-01T00:00:00Z","deadline":"2026-01-02T00:00:00Z","taskQueueId":"a/b","payload":{"n":1.0,"big":9007199254740993},"metadata":{"name":"x"}}`
	existing := `{"provisionerId":"a","workerType":"b","taskQueueId":"a/b","taskGroupId":"` + id + `","schedulerId":"-","projectId":"none",
		"dependencies":[],"requires":"all-completed","routes":[],"priority":"high","retries":5,"scopes":[],"tags":{},"extra":{},
		"created":"2026-01-01T00:00:01Z","deadline":"2026-01-02T00:00:01Z","expires":"2027-01-01T00:00:00Z","payload":{"n":1,"big":9007199254740992},"metadata":{"name":"x"}}`
	for _, c := range []struct{ name, existing, want string }{
		{"the queue's answer", existing, ""},
		{"itself", sent, ""},
		{"an object for a number", `{"taskQueueId":"a/b","payload":{"n":{},"big":9007199254740992},"metadata":{"name":"x"}}`, "payload.n"},
		{"a field less", `{"taskQueueId":"a/b","payload":{"n":1},"metadata":{"name":"x"}}`, "payload.big"},
		{"an empty name", `{"taskQueueId":"a/b","payload":{"n":1,"big":9007199254740992},"metadata":{"name":"x","":1}}`, "metadata."},
		{"another group", `{"taskQueueId":"a/b","taskGroupId":"G","payload":{"n":1,"big":9007199254740992},"metadata":{"name":"x"}}`, "taskGroupId"},
	} {
		got, err := taskcluster.Difference(id, json.RawMessage(sent), json.RawMessage(c.existing))
		if err != nil || got != c.want {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
	if _, err := taskcluster.Difference(id, json.RawMessage(sent), json.RawMessage(`null`)); err == nil {
		t.Error("null was compared")
	}
}

func FuzzDifference(f *testing.F) {
	f.Add(`{"taskQueueId":"a/b"}`, `{"":{}}`)
	f.Add(`{"routes":[1,{}]}`, `{"routes":[[]]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if same, err := taskcluster.Difference("i", json.RawMessage(a), json.RawMessage(a)); err == nil && same != "" {
			t.Errorf("%s differs from itself in %s", a, same)
		}
		ab, errAB := taskcluster.Difference("i", json.RawMessage(a), json.RawMessage(b))
		ba, errBA := taskcluster.Difference("i", json.RawMessage(b), json.RawMessage(a))
		if ab != ba || (errAB == nil) != (errBA == nil) {
			t.Errorf("%s and %s: %q (%v) one way, %q (%v) the other", a, b, ab, errAB, ba, errBA)
		}
	})
}
