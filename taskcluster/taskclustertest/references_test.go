package taskclustertest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
	"verdict/taskcluster/taskclustertest"
	"verdict/taskcluster/taskclustertest/contract"
)

// witness stands in front of a server and holds its answers and messages to the
// schemas of the references.
type witness struct {
	t          *testing.T
	references references
	server     http.Handler

	mu       sync.Mutex
	answered map[string]bool // methods that answered 200
	told     map[string]bool // exchanges
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kept := httptest.NewRecorder()
	w.server.ServeHTTP(kept, r)
	w.judge(r, body, kept)
	for name, values := range kept.Header() {
		rw.Header()[name] = values
	}
	rw.WriteHeader(kept.Code)
	_, _ = rw.Write(kept.Body.Bytes()) // the client may be gone
}

var param = regexp.MustCompile(`<[a-zA-Z]+>`)

// called is the method that a request calls; its routes with the most fixed
// words count.
func called(r *http.Request) (found scopes.Method, ok bool) {
	path, most := r.URL.EscapedPath(), -1
	for _, m := range methods.All {
		route := param.ReplaceAllString(regexp.QuoteMeta("/api/"+m.Service+"/v1"+m.Route), "[^/]+")
		route = strings.TrimSuffix(strings.ReplaceAll(route, "artifacts/[^/]+", "artifacts/.+"), "$")
		fixed := len(param.ReplaceAllString(m.Route, ""))
		if m.Verb == r.Method && fixed > most && regexp.MustCompile("^"+route+"$").MatchString(path) {
			found, most = m, fixed
		}
	}
	return found, most >= 0
}

func (w *witness) judge(r *http.Request, body []byte, kept *httptest.ResponseRecorder) {
	m, ok := called(r)
	if !ok {
		return
	}
	name := m.Service + "." + m.Name
	w.mu.Lock()
	defer w.mu.Unlock()
	var answer struct{ Code string }
	refused := json.Unmarshal(kept.Body.Bytes(), &answer) == nil && answer.Code == "InputValidationError"
	taken := kept.Code == 200 || answer.Code == "InputError" || answer.Code == "InsufficientScopes"
	if m.Input != "" && (taken && m.Name == "createTask" || kept.Code == 200 || refused) {
		var payload any
		if err := json.Unmarshal(body, &payload); err != nil {
			w.t.Errorf("%s took %.200s: %v", name, body, err)
		}
		wrong := w.references.problems(m.Service, m.Input, payload)
		if !refused && wrong != nil {
			w.t.Errorf("%s took what its schema doesn't allow: %v", name, wrong)
		}
		if refused && wrong == nil {
			w.t.Errorf("%s refused what its schema allows: %s", name, kept.Body)
		}
	}
	if kept.Code != 200 {
		return
	}
	w.answered[name] = true
	if m.Output == "" || m.Output == "blob" {
		return
	}
	var value any
	if err := json.Unmarshal(kept.Body.Bytes(), &value); err != nil {
		w.t.Errorf("%s answered %s: %v", name, kept.Body, err)
	}
	if wrong := w.references.problems(m.Service, m.Output, value); wrong != nil {
		w.t.Errorf("%s answered what its schema doesn't allow: %v", name, wrong)
	}
}

// newWitness is one in front of a new server, and where it is.
func newWitness(t *testing.T) (w *witness, server *taskclustertest.Server, root string) {
	t.Helper()
	w = &witness{t: t, references: readReferences(t), answered: map[string]bool{}, told: map[string]bool{}}
	server, _ = start(t, taskclustertest.Config{Publish: func(exchange, key string, _ []string, body []byte) { w.hear(exchange, key, body) }})
	w.server = server
	front := httptest.NewServer(w)
	t.Cleanup(front.Close)
	return w, server, front.URL
}

// TestAnswersAndMessagesAreWhatTheReferencesSay runs the contract suite with a
// witness in front.
func TestAnswersAndMessagesAreWhatTheReferencesSay(t *testing.T) {
	w, server, root := newWitness(t)
	env := contract.Env{
		RootURL: root, Credentials: taskcluster.Credentials{ClientID: "lab/bot", AccessToken: "token"},
		TaskQueueID: "lab/ci", SchedulerID: "verdict-contract",
	}
	server.AddClient("lab/bot", "token", env.Scopes()...)
	contract.Run(t, env)
	if len(w.answered) < 35 || len(w.told) < 12 {
		t.Errorf("looked at the answers of %d methods and the messages of %d exchanges, want more", len(w.answered), len(w.told))
	}
}

// hear holds a message to its exchange's schema, and its key to the fields.
func (w *witness) hear(exchange, key string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	service, entry := w.references.exchange(exchange)
	if entry == nil {
		w.t.Errorf("published to %s, which no reference names", exchange)
		return
	}
	w.told[exchange] = true
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		w.t.Errorf("%s says %s: %v", exchange, body, err)
	}
	if wrong := w.references.problems(service, entry["schema"].(string), value); wrong != nil {
		w.t.Errorf("%s says what its schema doesn't allow: %v", exchange, wrong)
	}
	fields, words := entry["routingKey"].([]any), strings.Split(key, ".")
	if len(words) != len(fields) {
		w.t.Errorf("%s: the key %s has %d fields, want %d", exchange, key, len(words), len(fields))
		return
	}
	for i, field := range fields {
		if f := field.(map[string]any); f["required"] == true && words[i] == "_" {
			w.t.Errorf("%s: the key %s lacks %v", exchange, key, f["name"])
		}
	}
}

// exchange finds what the references say of an exchange.
func (r references) exchange(full string) (service string, entry map[string]any) {
	for name, document := range r {
		prefix, _ := document["exchangePrefix"].(string)
		rest, ok := strings.CutPrefix(full, prefix)
		if prefix == "" || !ok || !strings.HasSuffix(name, "/exchanges.json") {
			continue
		}
		for _, e := range document["entries"].([]any) {
			if e := e.(map[string]any); e["exchange"] == rest {
				return document["serviceName"].(string), e
			}
		}
	}
	return "", nil
}

// TestDefinitionsAreTakenAsTheirSchemaSays changes one field after the other of a
// good definition; the witness compares what is refused.
func TestDefinitionsAreTakenAsTheirSchemaSays(t *testing.T) {
	w, server, root := newWitness(t)
	server.SetRole("anonymous", "*")
	values := []any{
		nil, "", "x", "X", "a/b", "a b", "-", strings.Repeat("y", 39), strings.Repeat("z", 256), strings.Repeat("z", 501), strings.Repeat("z", 5000),
		0, 1, 49, 50, -1, 1.5, true, []any{}, []any{1}, []any{""}, []any{"a"}, []any{"a", "a"}, []any{strings.Repeat("r", 249)}, []any{strings.Repeat("r", 250)},
		[]any{"fN1SbArXTPSVFUUvaOlinQ"}, []any{"fN1SbArXTPSVFUUvaOlinQ", "fN1SbArXTPSVFUUvaOlinQ"}, []any{"ä"}, []any{map[string]any{}, map[string]any{}}, map[string]any{}, map[string]any{"a": "b"}, map[string]any{"a": 1},
		map[string]any{"a": strings.Repeat("t", 4097)}, "highest", "normal", "all-resolved", "fN1SbArXTPSVFUUvaOlinQ", "https://x", "2100-01-01T00:00:00Z", "2100-01-01",
	}
	s := &session{t: t}
	fields := []string{"foo", "metadata.foo"}
	for name := range s.definition(nil) {
		fields = append(fields, name)
	}
	fields = append(fields, "projectId", "dependencies", "requires", "priority", "retries", "scopes", "taskQueueId",
		"metadata.name", "metadata.description", "metadata.owner", "metadata.source")
	for _, name := range fields {
		for _, value := range values {
			definition := s.definition(map[string]any{"taskGroupId": nil})
			put(definition, name, value)
			text, err := json.Marshal(definition)
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequest(http.MethodPut, root+"/api/queue/v1/task/"+taskcluster.NewID(), bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			body(t, req)
			if t.Failed() {
				t.Fatalf("with %s = %.100v", name, value)
			}
		}
	}
	if !w.answered["queue.createTask"] {
		t.Error("no definition was taken")
	}
}

// put changes a field of a definition, or of its metadata.
func put(definition map[string]any, name string, value any) {
	if field, ok := strings.CutPrefix(name, "metadata."); ok {
		definition["metadata"].(map[string]any)[field] = value
		return
	}
	definition[name] = value
}
