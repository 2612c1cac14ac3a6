package ingest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/valyala/fastjson"
)

const failed = `{"status":{"taskId":"VTSX_xRBSVmzjVt2eWgnxg","taskGroupId":"QZAlBrTNReilm8sihCxXtg","state":"failed","runs":[
 {"runId":0,"state":"failed","scheduled":"2026-11-22T22:43:29.839Z","started":"2026-11-22T22:43:29.878Z","resolved":"2026-11-22T22:43:29.909Z"}]},"runId":0,"version":1}`

const taskFailed = "exchange/taskcluster-queue/v1/task-failed"

// identified reads and identifies a payload as AcceptMessages does.
func identified(short, exchange string, payload []byte) (o occurrence, err error) {
	err = read(payload, func(m *fastjson.Value) error {
		if m == nil {
			return errNotJSON
		}
		o, err = identify(short, exchange, m)
		return err
	})
	return o, err
}

func idOf(t *testing.T, exchange, payload string) string {
	t.Helper()
	o, err := identified(ShortName("exchange/taskcluster-", exchange), exchange, []byte(payload))
	if err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return o.id
}

func TestIdentityIsWhatTheMessageTellsNotItsBytes(t *testing.T) {
	same := strings.Replace(failed, `"version":1`, `"version":1,"workerGroup":"lab"`, 1)
	if a, b := idOf(t, taskFailed, failed), idOf(t, taskFailed, same); a != b {
		t.Errorf("the same run's end has two ids: %s, %s", a, b)
	}
}

// The ids in a store are those of every release before: this one was worked out by hand, as base32 of the SHA-256 of
// "pulse", the exchange, task, run, state and times, each with a zero byte behind it.
func TestIdentityStaysTheSameOverReleases(t *testing.T) {
	if got, want := idOf(t, taskFailed, failed), "j1xc11a3p86ry17q53fn2xhcnw"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIdentityDiffers(t *testing.T) {
	base := idOf(t, taskFailed, failed)
	for name, id := range map[string]string{
		"another exchange": idOf(t, "exchange/taskcluster-queue/v1/task-exception", failed),
		"another task":     idOf(t, taskFailed, strings.Replace(failed, "VTSX", "WTSX", 1)),
		"another time":     idOf(t, taskFailed, strings.Replace(failed, "29.909Z", "30.909Z", 1)),
		"another state":    idOf(t, taskFailed, strings.Replace(failed, `"state":"failed","scheduled"`, `"state":"completed","scheduled"`, 1)),
	} {
		if id == base {
			t.Errorf("%s has the same id", name)
		}
	}
}

func TestWhatTellsNoOccurrenceIsAHint(t *testing.T) {
	for _, exchange := range []string{"exchange/taskcluster-queue/v1/task-group-resolved", "exchange/taskcluster-auth/v1/client-created", "exchange/other/v1/x"} {
		if id := idOf(t, exchange, `{"taskGroupId":"QZAlBrTNReilm8sihCxXtg"}`); id != "" {
			t.Errorf("%s: got id %s, want a hint", exchange, id)
		}
	}
}

func TestIdentifySaysWhatIsWrong(t *testing.T) {
	for payload, want := range map[string]string{
		`{`:                         "not JSON",
		`{"runId":0}`:               "status.taskId",
		`{"status":{"taskId":"x"}}`: "runId",
		`{"status":{"taskId":"x","runs":[]},"runId":3}`: "run 3",
	} {
		_, err := identified("queue/task-failed", taskFailed, []byte(payload))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", payload, err, want)
		}
	}
}

// Every message that was recorded from real services must be identified, or be a hint by the table.
func TestRecordedMessagesAreIdentified(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/reference/samples/taskcluster/messages/*.json")
	if len(files) == 0 {
		t.Skip("needs the recorded messages in ../shared/reference/samples")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Fields  struct{ Exchange string }
			Payload json.RawMessage
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		short := ShortName("exchange/taskcluster-", m.Fields.Exchange)
		o, err := identified(short, m.Fields.Exchange, m.Payload)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if _, known := identities[short]; known && o.id == "" {
			t.Errorf("%s: no id", file)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(failed)
	f.Add(`{"status":{"runs":{}},"runId":-1}`)
	f.Fuzz(func(t *testing.T, payload string) {
		for short := range identities {
			o, err := identified(short, "exchange/"+short, []byte(payload))
			if err == nil && o.id == "" {
				t.Errorf("%s: identified without an id: %s", short, payload)
			}
		}
	})
}

func TestShortName(t *testing.T) {
	for long, want := range map[string]string{
		taskFailed:                 "queue/task-failed",
		"exchange/other/v1/x":      "exchange/other/v1/x",
		"exchange/taskcluster-x/y": "exchange/taskcluster-x/y",
	} {
		if got := ShortName("exchange/taskcluster-", long); got != want {
			t.Errorf("%s: got %s, want %s", long, got, want)
		}
	}
}
