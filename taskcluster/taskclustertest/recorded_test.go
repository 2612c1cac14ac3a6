package taskclustertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// samples is where the recordings of a real deployment are.
const samples = "../../../shared/reference/samples/taskcluster"

func readSample(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, name))
	if os.IsNotExist(err) {
		t.Skipf("no recordings beside the repository: %s is missing", filepath.Join(samples, name))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// recordedCall is one call of the session that was recorded, and its answer.
type recordedCall struct {
	Name    string
	OK      bool
	Status  int
	Code    string
	Message string
	Result  any
	Body    struct{ RequestInfo map[string]any }
}

// session repeats what was done when the recording was made.
type session struct {
	t      *testing.T
	server *taskclustertest.Server
	nobody bool // calls aren't signed
	sent   []message
	group  string
	ids    map[string]string // of the tasks, by the name of the call that created them
}

// TestASessionIsLikeTheRecordedOne repeats a session with a real deployment call
// by call, and compares all answers and the order and form of all messages.
func TestASessionIsLikeTheRecordedOne(t *testing.T) {
	var calls []recordedCall
	readSample(t, "api-calls.json", &calls)
	s := &session{t: t, group: taskcluster.NewID(), ids: map[string]string{}}
	s.server, _ = start(t, taskclustertest.Config{Publish: func(exchange, key string, cc []string, body []byte) {
		m := message{Exchange: exchange, RoutingKey: key, CC: cc}
		if err := json.Unmarshal(body, &m.Payload); err != nil {
			t.Error(err)
		}
		s.sent = append(s.sent, m)
	}})
	s.server.AddClient("static/lab/root", "token", "*")
	for _, want := range calls {
		status, got := s.call(want.Name)
		if want.OK {
			if status != 200 || shape(got) != shape(want.Result) {
				t.Errorf("%s: answered %d\n%s\nrecorded\n%s", want.Name, status, shape(got), shape(want.Result))
			}
			continue
		}
		answer, _ := got.(map[string]any)
		if status != want.Status || answer["code"] != want.Code || sameWords(answer["message"]) != sameWords(want.Message) {
			t.Errorf("%s: answered %d %v\n%q\nrecorded %d %s\n%q", want.Name, status, answer["code"], answer["message"], want.Status, want.Code, want.Message)
		}
		info, _ := answer["requestInfo"].(map[string]any)
		if a, b := shape(without(info, "payload")), shape(without(want.Body.RequestInfo, "payload")); a != b {
			t.Errorf("%s: requestInfo %s, recorded %s", want.Name, a, b)
		}
	}
	s.compareMessages()
}

// compareMessages leaves out task-group-resolved, which the real queue sends some
// time after, and counts it.
func (s *session) compareMessages() {
	var all []struct {
		Fields     struct{ Exchange, RoutingKey string }
		Properties struct{ Headers struct{ CC []string } }
		Payload    any
	}
	readSample(s.t, "samples-all.json", &all)
	var want []message
	for _, m := range all {
		want = append(want, message{m.Fields.Exchange, m.Fields.RoutingKey, m.Properties.Headers.CC, m.Payload})
	}
	got, groups := split(s.sent)
	want, wantGroups := split(want)
	for i := range min(len(got), len(want)) {
		if a, b := line(got[i]), line(want[i]); a != b {
			s.t.Fatalf("message %d is\n%s\nrecorded\n%s", i, a, b)
		}
	}
	if len(got) != len(want) {
		s.t.Errorf("%d messages, recorded %d", len(got), len(want))
	}
	if len(groups) < 2 || line(groups[0]) != line(wantGroups[0]) || line(groups[1]) != line(wantGroups[1]) {
		s.t.Errorf("the first task ended twice and its group with it: %d messages of the group", len(groups))
	}
	if a, b := line(groups[len(groups)-1]), line(wantGroups[len(wantGroups)-1]); a != b {
		s.t.Errorf("the sealed group ended with\n%s\nrecorded\n%s", a, b)
	}
}

func split(all []message) (others, groups []message) {
	for _, m := range all {
		if strings.HasSuffix(m.Exchange, "/task-group-resolved") {
			groups = append(groups, m)
		} else {
			others = append(others, m)
		}
	}
	return others, groups
}

func line(m message) string {
	return m.Exchange + " " + keyForm(m.RoutingKey) + " " + fmt.Sprint(len(m.CC)) + " " + shape(m.Payload)
}

// shape is form with lists of ids told as one, since how many of a group's tasks
// count as resolved depends on time at the real queue.
func shape(v any) string {
	return regexp.MustCompile(`taskIds:\[[^\]]*\]`).ReplaceAllString(form(v), "taskIds:[…]")
}

var (
	anyID   = regexp.MustCompile(`[A-Za-z0-9_-]{22}`)
	anyRoot = regexp.MustCompile(`http://[^/]*/`)
)

// sameWords is what a message says, whatever it is about and when.
func sameWords(message any) string {
	words, _, _ := strings.Cut(fmt.Sprint(message), "\n---\n")
	return anyRoot.ReplaceAllString(anyID.ReplaceAllString(words, "<id>"), "<root>/")
}

func without(object map[string]any, field string) map[string]any {
	rest := map[string]any{}
	for k, v := range object {
		if k != field {
			rest[k] = v
		}
	}
	return rest
}

// send makes a signed call and is the answer, read.
func (s *session) send(method, path string, body any) (int, any) {
	s.t.Helper()
	text := ""
	if body != nil {
		written, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(written)
	}
	req, err := http.NewRequest(method, s.server.URL+"/api/"+path, strings.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !s.nobody {
		signer{id: "static/lab/root", key: "token"}.sign(s.t, req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, answer
}

func (s *session) definition(changes map[string]any) map[string]any {
	now := time.Now()
	task := map[string]any{
		"provisionerId": "lab", "workerType": "ci", "schedulerId": "bot-1", "taskGroupId": s.group,
		"created": taskcluster.Time(now), "deadline": taskcluster.Time(now.Add(time.Hour)), "expires": taskcluster.Time(now.Add(48 * time.Hour)),
		"routes": []string{"index.lab.x.latest", "bot.gerrit.12345"}, "payload": map[string]any{"command": []string{"true"}},
		"metadata": map[string]any{"name": "t", "description": "d", "owner": "a@example.com", "source": "https://example.com/x"},
		"tags":     map[string]string{"change": "12345"}, "extra": map[string]any{"gerrit": map[string]any{"change": 12345, "patchset": 2}},
	}
	for k, v := range changes {
		if task[k] = v; v == nil {
			delete(task, k)
		}
	}
	return task
}

// create creates a task that later calls know by a name.
func (s *session) create(name string, changes map[string]any) (int, any) {
	id := taskcluster.NewID()
	s.ids[name] = id
	return s.send("PUT", "queue/v1/task/"+id, s.definition(changes))
}

// claim has a worker claim one task.
func (s *session) claim() (int, any) {
	status, answer := s.send("POST", "queue/v1/claim-work/lab%2Fci", map[string]any{"tasks": 1, "workerGroup": "lab", "workerId": "w1"})
	tasks := answer.(map[string]any)["tasks"].([]any)
	if len(tasks) != 1 {
		s.t.Fatalf("claimed %d tasks, want 1", len(tasks))
	}
	return status, tasks[0]
}

func (s *session) report(task string, run int, how string, body any) (int, any) {
	return s.send("POST", fmt.Sprintf("queue/v1/task/%s/runs/%d/%s", s.ids[task], run, how), body)
}
