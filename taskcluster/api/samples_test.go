package api_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster/api/exchanges"
	"verdict/taskcluster/api/tcindex"
	"verdict/taskcluster/api/tcqueue"
	"verdict/taskcluster/api/tcqueueevents"
)

// recorded reads what was recorded from real services, kept beside the repository.
func recorded(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "reference", "samples", "taskcluster", name))
	if err != nil {
		t.Skipf("nothing recorded is there: %v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// checkRoundTrip reads JSON into a type and writes it again: nothing may be
// unknown to the type, and nothing lost or added.
func checkRoundTrip(t *testing.T, name string, text json.RawMessage, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := json.Marshal(into)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if got, want := exactly(t, again), exactly(t, text); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: read and written again it is\n%s\nwant\n%s", name, again, text)
	}
}

// exactly is JSON as values, with numbers as they are written. Some times have
// +00:00 for Z and fewer digits, which is the same.
func exactly(t *testing.T, text []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return sameTimes(v)
}

func sameTimes(v any) any {
	switch v := v.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	case []any:
		for i := range v {
			v[i] = sameTimes(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = sameTimes(v[key])
		}
	}
	return v
}

// answers are types by the name that a recorded call begins with. The recording
// keeps of claimWork one claim.
var answers = map[string]func() any{
	"createTask":              func() any { return &tcqueue.TaskStatusResponse{} },
	"status":                  func() any { return &tcqueue.TaskStatusResponse{} },
	"reportCompleted":         func() any { return &tcqueue.TaskStatusResponse{} },
	"reportFailed":            func() any { return &tcqueue.TaskStatusResponse{} },
	"reportException":         func() any { return &tcqueue.TaskStatusResponse{} },
	"rerunTask":               func() any { return &tcqueue.TaskStatusResponse{} },
	"cancelTask":              func() any { return &tcqueue.TaskStatusResponse{} },
	"changeTaskPriority":      func() any { return &tcqueue.TaskStatusResponse{} },
	"big":                     func() any { return &tcqueue.TaskStatusResponse{} },
	"claimWork":               func() any { return &tcqueue.ClaimWorkResponseTask{} },
	"claim":                   func() any { return &tcqueue.ClaimWorkResponseTask{} },
	"reclaimTask":             func() any { return &tcqueue.TaskReclaimResponse{} },
	"createArtifact":          func() any { return &tcqueue.PostArtifactResponse{} },
	"index.findTask":          func() any { return &tcindex.IndexedTaskResponse{} },
	"listTaskGroup":           func() any { return &tcqueue.ListTaskGroupResponse{} },
	"changeTaskGroupPriority": func() any { return &tcqueue.TaskGroupPriorityChangeResponse{} },
	"sealTaskGroup":           func() any { return &tcqueue.TaskGroupResponse{} },
	"getTaskGroup":            func() any { return &tcqueue.TaskGroupResponse{} },
	"cancelTaskGroup":         func() any { return &tcqueue.CancelTaskGroupResponse{} },
}

func TestRecordedAnswersLoseNothing(t *testing.T) {
	var calls []struct {
		Name   string
		OK     bool
		Result json.RawMessage
	}
	recorded(t, "api-calls.json", &calls)
	read := map[string]bool{}
	for _, call := range calls {
		if !call.OK {
			continue
		}
		method, _, _ := strings.Cut(call.Name, "-")
		answer := answers[method]
		if answer == nil {
			t.Errorf("%s: nothing says what type its answer has", call.Name)
			continue
		}
		read[method] = true
		checkRoundTrip(t, call.Name, call.Result, answer())
	}
	if len(read) != len(answers) {
		t.Errorf("answers of %d methods were read, want %d", len(read), len(answers))
	}
}

// binding is what all bindings of events have.
type binding interface {
	ExchangeName() string
	RoutingKey() string
	NewPayloadObject() any
}

var queueBindings = []binding{
	tcqueueevents.TaskDefined{}, tcqueueevents.TaskPending{}, tcqueueevents.TaskRunning{}, tcqueueevents.ArtifactCreated{},
	tcqueueevents.TaskCompleted{}, tcqueueevents.TaskFailed{}, tcqueueevents.TaskException{}, tcqueueevents.TaskGroupResolved{},
	tcqueueevents.TaskGroupSealed{}, tcqueueevents.TaskPriorityChanged{}, tcqueueevents.TaskGroupPriorityChanged{},
}

type recordedMessage struct {
	Fields struct{ Exchange, RoutingKey string }
	// Payload is the body.
	Payload json.RawMessage
}

func recordedMessages(t *testing.T) []recordedMessage {
	t.Helper()
	var all, expired []recordedMessage
	recorded(t, "samples-all.json", &all)
	recorded(t, "claim-expired.json", &expired)
	return append(all, expired...)
}

func TestRecordedMessagesLoseNothing(t *testing.T) {
	seen := map[string]bool{}
	for _, message := range recordedMessages(t) {
		i := slices.IndexFunc(queueBindings, func(b binding) bool { return b.ExchangeName() == message.Fields.Exchange })
		if i < 0 {
			t.Errorf("no binding is to %s", message.Fields.Exchange)
			continue
		}
		seen[message.Fields.Exchange] = true
		checkRoundTrip(t, message.Fields.Exchange, message.Payload, queueBindings[i].NewPayloadObject())
		if pattern := queueBindings[i].RoutingKey(); !matches(pattern, message.Fields.RoutingKey) {
			t.Errorf("%s: pattern %s doesn't match %s", message.Fields.Exchange, pattern, message.Fields.RoutingKey)
		}
	}
	if len(seen) != len(queueBindings) {
		t.Errorf("messages of %d exchanges were read, want %d", len(seen), len(queueBindings))
	}
}

// matches is how a topic exchange compares a pattern with a routing key.
func matches(pattern, key string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(expression, `\.#`, `(\..*)?`)
	expression = strings.ReplaceAll(expression, `\*`, `[^.]*`)
	expression = strings.ReplaceAll(expression, `#`, `.*`)
	return regexp.MustCompile("^" + expression + "$").MatchString(key)
}

func TestRecordedMessagesAreOfTheTableOfExchanges(t *testing.T) {
	for _, message := range recordedMessages(t) {
		exchange, ok := exchanges.Find(message.Fields.Exchange)
		if !ok {
			t.Errorf("exchange %s isn't in the table", message.Fields.Exchange)
			continue
		}
		for _, complaint := range conform("", exactly(t, message.Payload), exchange.Message) {
			t.Errorf("%s: %s", exchange.Name, complaint)
		}
		// Names of workers hold no dots, so each word is a field.
		if words := strings.Split(message.Fields.RoutingKey, "."); len(words) != len(exchange.RoutingKey) || words[0] != exchange.RoutingKey[0].Constant {
			t.Errorf("%s: routing key %s isn't of %v", exchange.Name, message.Fields.RoutingKey, exchange.RoutingKey)
		}
	}
}

// conform says where a value isn't of a type.
func conform(at string, value any, typ *exchanges.Type) []string {
	var all []string
	wrong := func() []string { return []string{at + " isn't of its type: " + reflect.TypeOf(value).String()} }
	switch typ.Kind {
	case exchanges.String, exchanges.Time:
		text, ok := value.(string)
		if !ok || typ.Values != nil && !slices.Contains(typ.Values, text) {
			return wrong()
		}
	case exchanges.Integer, exchanges.Number:
		if _, ok := value.(json.Number); !ok {
			return wrong()
		}
	case exchanges.Bool:
		if _, ok := value.(bool); !ok {
			return wrong()
		}
	case exchanges.List:
		list, ok := value.([]any)
		if !ok {
			return wrong()
		}
		for _, item := range list {
			all = append(all, conform(at+"[]", item, typ.Elem)...)
		}
	case exchanges.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		for _, item := range object {
			all = append(all, conform(at+"[*]", item, typ.Elem)...)
		}
	case exchanges.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong()
		}
		for _, field := range typ.Fields {
			if _, there := object[field.Name]; !there && !field.Optional {
				all = append(all, at+"."+field.Name+" is missing")
			}
		}
		for name, item := range object {
			field, known := typ.Field(name)
			switch {
			case known:
				all = append(all, conform(at+"."+name, item, field.Type)...)
			case !typ.Open:
				all = append(all, at+"."+name+" isn't in the table")
			}
		}
	}
	return all
}
