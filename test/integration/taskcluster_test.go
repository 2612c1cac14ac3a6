package integration

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/taskcluster/taskclustertest"
)

// deployment is the stand-in for Taskcluster behind something that keeps each
// request as it came.
type deployment struct {
	*taskclustertest.Server
	url string

	mu       sync.Mutex
	requests []request
}

// request is what the bot sent.
type request struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	Header      string `json:"header"` // Authorization
	ContentType string `json:"contentType"`
	Body        string `json:"body"`
}

// The bot's permanent credentials.
const (
	clientID    = "project/verdict/it"
	accessToken = "no-secret-but-as-long-as-a-real-one-is"
)

func newDeployment(t *testing.T, scopes ...string) *deployment {
	t.Helper()
	fake, err := taskclustertest.NewServer(taskclustertest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	fake.AddClient(clientID, accessToken, append(scopes, "auth:create-client:"+clientID+"/*")...)
	d := &deployment{Server: fake}
	front := httptest.NewServer(d)
	t.Cleanup(front.Close)
	d.url = front.URL
	return d
}

// ServeHTTP keeps the request and lets the stand-in answer it.
func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	d.requests = append(d.requests, request{
		Method: r.Method, URL: "http://" + r.Host + r.URL.RequestURI(), Header: r.Header.Get("Authorization"),
		ContentType: r.Header.Get("Content-Type"), Body: string(body),
	})
	d.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.Server.ServeHTTP(w, r)
}

// created are the requests that create tasks.
func (d *deployment) created() []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []request
	for _, r := range d.requests {
		if r.Method == http.MethodPut && strings.Contains(r.URL, "/api/queue/v1/task/") {
			all = append(all, r)
		}
	}
	return all
}

// recording is a task and all messages about it, as a real queue sent them.
type recording struct {
	TaskID     string
	Definition map[string]any
	Messages   []message
}

type message struct {
	Exchange, RoutingKey string
	CC                   []string
	Payload              json.RawMessage
}

// recordings are messages and answers of a real deployment; they lie beside the
// repository.
const recordings = "../../../shared/reference/samples/taskcluster/"

// The task that was recorded: it failed, was rerun, and passed.
const recordedTask = "VTSX_xRBSVmzjVt2eWgnxg"

var recordedTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)

// recordedRerun reads a recording of a task that failed, was rerun and passed;
// its times are moved so that it was created now, its change is the test's.
func recordedRerun(t *testing.T, number int) recording {
	t.Helper()
	var calls []struct {
		Name   string
		Result struct {
			Status struct{ TaskID string }
			Task   json.RawMessage
		}
	}
	readRecording(t, "api-calls.json", &calls)
	var sent []struct {
		Fields     struct{ Exchange, RoutingKey string }
		Properties struct {
			Headers struct{ CC []string }
		}
		Payload json.RawMessage
	}
	readRecording(t, "samples-all.json", &sent)
	r := recording{TaskID: recordedTask}
	var definition json.RawMessage
	for _, c := range calls {
		if c.Result.Status.TaskID == recordedTask && c.Result.Task != nil {
			definition = c.Result.Task // what a worker was given
		}
	}
	var times struct{ Created time.Time }
	if err := json.Unmarshal(definition, &times); err != nil {
		t.Fatalf("read the recorded definition: %v", err)
	}
	by := time.Since(times.Created)
	move := func(text []byte) []byte {
		moved := recordedTime.ReplaceAllFunc(text, func(at []byte) []byte {
			then, err := time.Parse(time.RFC3339, string(at))
			if err != nil {
				t.Fatal(err)
			}
			return []byte(then.Add(by).UTC().Format("2006-01-02T15:04:05.000Z"))
		})
		return bytes.ReplaceAll(moved, []byte("12345"), []byte(strconv.Itoa(number)))
	}
	if err := json.Unmarshal(move(definition), &r.Definition); err != nil {
		t.Fatal(err)
	}
	for _, m := range sent {
		if !strings.Contains(m.Fields.RoutingKey, "."+recordedTask+".") {
			continue
		}
		cc := make([]string, len(m.Properties.Headers.CC))
		for i, route := range m.Properties.Headers.CC {
			cc[i] = string(move([]byte(route)))
		}
		r.Messages = append(r.Messages, message{m.Fields.Exchange, m.Fields.RoutingKey, cc, move(m.Payload)})
	}
	return r
}

func readRecording(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(recordings + name)
	if os.IsNotExist(err) {
		t.Skipf("needs %s beside the repository, in shared/reference/samples/taskcluster", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
}

// publishUpTo publishes the recording's messages in order, from the first that
// wasn't yet, up to the one of an exchange, and gives that one.
func (r *recording) publishUpTo(t *testing.T, p *pulse, exchange string) message {
	t.Helper()
	for i, m := range r.Messages {
		p.publish(t, m)
		if strings.HasSuffix(m.Exchange, "/"+exchange) {
			r.Messages = r.Messages[i+1:]
			return m
		}
	}
	t.Fatalf("the recording has no %s left", exchange)
	return message{}
}
