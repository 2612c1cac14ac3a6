package taskcluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// recordedText is a file of answers of a real deployment, kept beside the
// repository.
func recordedText(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../shared/reference/samples/taskcluster", name))
	if err != nil {
		t.Skipf("no recorded answers beside the repository: %v", err)
	}
	return text
}

func recorded(t *testing.T, name string) []recordedCall {
	t.Helper()
	var calls []recordedCall
	if err := json.Unmarshal(recordedText(t, name), &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}

type recordedCall struct {
	Name    string
	OK      bool
	Status  int
	Result  json.RawMessage // of a success
	Body    json.RawMessage // else
	Headers map[string]string
}

// replay makes a call of a client whose server gives the recorded answer, and
// answers what the client made of it and how many requests it took.
func replay(t *testing.T, c recordedCall, answer any) (requests int, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		for name, value := range c.Headers {
			if name != "connection" && name != "content-length" && name != "date" {
				w.Header().Set(name, value)
			}
		}
		status, body := c.Status, c.Body
		if c.OK {
			status, body = http.StatusOK, c.Result
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, err := w.Write(body)
			if err != nil {
				t.Error(err)
			}
		}
	}))
	defer server.Close()
	client := NewClient(nil, server.URL, "queue")
	client.Retry = Retry{Attempts: 2, Pause: time.Nanosecond}
	err = client.Do(t.Context(), Call{Name: "x", Path: "/x"}, answer)
	return requests, err
}

func TestRecordedAnswersAreReadWhole(t *testing.T) {
	read := 0
	for _, c := range recorded(t, "api-calls.json") {
		if !c.OK || len(c.Result) == 0 {
			continue
		}
		var raw json.RawMessage
		if _, err := replay(t, c, &raw); err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		switch {
		case c.Name == "listTaskGroup":
			var page groupPageAnswer
			strict(t, c.Name, raw, &page)
			if len(page.Tasks) == 0 || page.Tasks[0].Task.Metadata.Name == "" {
				t.Errorf("%s: no tasks in %s", c.Name, raw)
			}
		case bytes.Contains(raw, []byte(`"status"`)):
			var answer struct{ Status json.RawMessage }
			if err := json.Unmarshal(raw, &answer); err != nil || answer.Status == nil {
				continue
			}
			var status TaskStatus
			strict(t, c.Name, answer.Status, &status)
			if run, ok := status.LatestRun(); ok && status.State != run.State {
				t.Errorf("%s: state %s, latest run %s", c.Name, status.State, run.State)
			}
		default:
			continue
		}
		read++
	}
	if read < 40 {
		t.Errorf("read %d answers, want most of them", read)
	}
}

// strict decodes and encodes again: nothing may be unknown, nothing lost.
func strict(t *testing.T, name string, text json.RawMessage, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if status, ok := into.(*TaskStatus); ok {
		again, err := json.Marshal(status)
		var compact bytes.Buffer
		if json.Compact(&compact, text) != nil || err != nil || !bytes.Equal(again, compact.Bytes()) {
			t.Errorf("%s: read and written again:\n%s\nwant\n%s", name, again, compact.Bytes())
		}
	}
}

// meant is what an answer's code means.
var meant = map[string]error{
	"RequestConflict": ErrConflict, "ResourceNotFound": ErrNotFound, "InsufficientScopes": ErrScopes, "AuthenticationFailed": ErrAuth,
	"MalformedPayload": ErrInvalid, "InputError": ErrInvalid, "InputValidationError": ErrInvalid, "InvalidRequestArguments": ErrInvalid,
	"InternalServerError": ErrUnavailable, "": ErrUnavailable,
}

func TestRecordedErrorsTellWhatTheyMean(t *testing.T) {
	checked := 0
	for _, c := range append(recorded(t, "api-calls.json"), recorded(t, "auth-cases.json")...) {
		if c.OK || c.Status < 400 {
			continue
		}
		checked++
		var named struct{ Code string }
		if err := json.Unmarshal(c.Body, &named); err != nil {
			t.Fatal(err)
		}
		want := meant[named.Code]
		if strings.Contains(string(c.Body), "ext.certificate issuer `") {
			want = ErrScopes // the credentials are good, what was made of them asks for too much
		}
		requests, err := replay(t, c, nil)
		var answer *APIError
		if want == nil || !errors.Is(err, want) || !errors.As(err, &answer) {
			t.Errorf("%s: %v doesn't mean %v", c.Name, err, want)
			continue
		}
		if answer.Code != named.Code || answer.StatusCode != c.Status ||
			answer.TraceID != c.Headers["x-for-trace-id"] || answer.RequestID != c.Headers["x-for-request-id"] {
			t.Errorf("%s: %+v isn't %d %s with its ids", c.Name, *answer, c.Status, named.Code)
		}
		if wanted := 1 + c.Status/500; requests != wanted {
			t.Errorf("%s: %d requests, want %d: what is refused isn't tried again", c.Name, requests, wanted)
		}
		for _, tooMuch := range []string{"\n", "requestInfo", "statusCode:", "scope expression:\n"} {
			if strings.Contains(err.Error(), tooMuch) {
				t.Errorf("%s: the error has %q in it: %v", c.Name, tooMuch, err)
			}
		}
	}
	if checked < 40 {
		t.Errorf("checked %d answers, want more", checked)
	}
}

func TestRecordedSuccessesAreNoErrors(t *testing.T) {
	for _, c := range recorded(t, "auth-cases.json") {
		if c.Status > 299 {
			continue
		}
		var answer json.RawMessage
		var into any = &answer
		if c.Status == http.StatusNoContent {
			into, answer = nil, c.Body
		}
		if _, err := replay(t, c, into); err != nil || !bytes.Equal(answer, c.Body) {
			t.Errorf("%s: got %s (%v), want %s", c.Name, answer, err, c.Body)
		}
	}
}

// recordedArtifact is a line on a getArtifact: its status, Location and body.
var recordedArtifact = regexp.MustCompile(`(?m)^GET .* (\d{3}) location=(\S+) type=\S+ (\{.*\})$`)

func TestRecordedArtifacts(t *testing.T) {
	lines := recordedArtifact.FindAllStringSubmatch(string(recordedText(t, "artifacts.txt")), -1)
	statuses := map[int]int{}
	for _, line := range lines {
		c := recordedCall{Name: line[0], Body: json.RawMessage(line[3]), Headers: map[string]string{}}
		c.Status, _ = strconv.Atoi(line[1])
		if line[2] != "null" {
			c.Headers["location"] = line[2]
		}
		var artifact struct{ StorageType, URL string }
		requests, err := replay(t, c, &artifact)
		var answer *APIError
		switch c.Status {
		case 303:
			if err != nil || artifact.StorageType != "reference" || artifact.URL != line[2] {
				t.Errorf("%s: got %+v (%v)", c.Name, artifact, err)
			}
		case 424:
			if !errors.Is(err, ErrArtifact) || !errors.As(err, &answer) || !strings.Contains(line[3], `"`+answer.Code+`"`) {
				t.Errorf("%s: got %v", c.Name, err)
			}
		}
		statuses[c.Status]++
		if requests != 1 {
			t.Errorf("%s: %d requests", c.Name, requests)
		}
	}
	if statuses[303] == 0 || statuses[424] == 0 {
		t.Errorf("replayed %v, want some of 303 and 424", statuses)
	}
}
