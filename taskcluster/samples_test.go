package taskcluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded reads answers of a real deployment, kept beside the repository.
func recorded(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../shared/reference/samples/taskcluster", name))
	if err != nil {
		t.Skipf("no recorded answers: %v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type recordedCall struct {
	Name    string
	OK      bool
	Status  int
	Code    string
	Result  json.RawMessage
	Body    json.RawMessage
	Headers map[string]string
}

func TestRecordedAnswersAreReadWhole(t *testing.T) {
	var calls []recordedCall
	recorded(t, "api-calls.json", &calls)
	read := 0
	for _, c := range calls {
		switch {
		case !c.OK:
			continue
		case c.Name == "listTaskGroup":
			var page groupPageAnswer
			strict(t, c.Name, c.Result, &page)
			if len(page.Tasks) == 0 || page.Tasks[0].Task.Metadata.Name == "" {
				t.Errorf("%s: no tasks in %s", c.Name, c.Result)
			}
		case bytes.HasPrefix(c.Result, []byte(`{"status":`)) || bytes.Contains(c.Result, []byte(`"status"`)):
			var answer struct{ Status json.RawMessage }
			if err := json.Unmarshal(c.Result, &answer); err != nil || answer.Status == nil {
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

func TestRecordedErrorsTellWhatTheyMean(t *testing.T) {
	var calls, cases []recordedCall
	recorded(t, "api-calls.json", &calls)
	recorded(t, "auth-cases.json", &cases)
	meanings := map[string]error{
		"RequestConflict": ErrConflict, "ResourceNotFound": ErrNotFound, "InsufficientScopes": ErrScopes, "AuthenticationFailed": ErrAuth,
		"MalformedPayload": ErrInvalid, "InputError": ErrInvalid, "InputValidationError": ErrInvalid, "InvalidRequestArguments": ErrInvalid,
		"InternalServerError": ErrUnavailable, "": ErrUnavailable,
	}
	checked := 0
	for _, c := range append(calls, cases...) {
		if c.Status < 400 {
			continue
		}
		checked++
		header := http.Header{}
		for k, v := range c.Headers {
			header.Set(k, v)
		}
		header.Del("Date") // long ago by now, which the error would tell
		var named struct{ Code string }
		if err := json.Unmarshal(c.Body, &named); err != nil {
			t.Fatal(err)
		}
		want := meanings[named.Code]
		if strings.Contains(string(c.Body), "ext.certificate issuer `") {
			want = ErrScopes
		}
		err := newAPIError("queue", "x", &http.Response{StatusCode: c.Status, Header: header, Body: io.NopCloser(nil)}, c.Body)
		if want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %v doesn't mean %v", c.Name, err, want)
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
