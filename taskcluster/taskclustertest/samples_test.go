package taskclustertest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// TestMessagesAreLikeTheRecordedOnes plays what happened when a real deployment's
// messages were recorded, and compares the fields, their types, and the routing.
func TestMessagesAreLikeTheRecordedOnes(t *testing.T) {
	got := map[string]message{}
	var reason string
	server, _ := start(t, taskclustertest.Config{Publish: func(exchange, key string, cc []string, body []byte) {
		kind := exchange[strings.LastIndexByte(exchange, '/')+1:]
		m := message{Exchange: exchange, RoutingKey: key, CC: cc}
		if err := json.Unmarshal(body, &m.Payload); err != nil {
			t.Error(err)
		}
		if kind == "task-exception" {
			kind += "-" + reason + "-task-" + m.Payload.(map[string]any)["status"].(map[string]any)["state"].(string)
		}
		if _, seen := got[kind]; !seen {
			got[kind] = m
		}
	}})
	details := map[string]any{"retries": 1, "tags": map[string]string{"change": "12345"}, "routes": []string{"index.lab.x.latest", "bot.gerrit.12345"}}
	run(t, server, add(t, server, details), taskcluster.Completed, "")
	run(t, server, add(t, server, details), taskcluster.Failed, "")
	for _, reason = range []string{"malformed-payload", "resource-unavailable", "internal-error", "worker-shutdown", "intermittent-task"} {
		id := add(t, server, details)
		run(t, server, id, taskcluster.Exception, reason)
		if task, _ := server.Task(id); !task.Status.Final() { // the recorded one is the second
			run(t, server, id, taskcluster.Exception, reason)
		}
	}
	reason = "canceled"
	if err := server.Cancel(add(t, server, details)); err != nil {
		t.Fatal(err)
	}
	reason = "deadline-exceeded"
	waits := map[string]any{"dependencies": []string{add(t, server, nil)}, "tags": details["tags"], "routes": details["routes"]}
	if err := server.MissDeadline(add(t, server, waits)); err != nil {
		t.Fatal(err)
	}

	folder := "../../../shared/reference/samples/taskcluster/messages"
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no recorded messages beside the repository")
	}
	compared := 0
	for _, file := range files {
		kind := strings.TrimSuffix(filepath.Base(file), ".json")
		m, ok := got[kind]
		if !ok {
			t.Logf("%s: the stand-in has none", kind)
			continue
		}
		compared++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Fields     struct{ Exchange, RoutingKey string }
			Properties struct{ Headers struct{ CC []string } }
			Payload    any
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if m.Exchange != want.Fields.Exchange || keyForm(m.RoutingKey) != keyForm(want.Fields.RoutingKey) {
			t.Errorf("%s: sent to %s with %s, recorded %s with %s", kind, m.Exchange, m.RoutingKey, want.Fields.Exchange, want.Fields.RoutingKey)
		}
		if !slices.Equal(m.CC, want.Properties.Headers.CC) {
			t.Errorf("%s: CC %v, recorded %v", kind, m.CC, want.Properties.Headers.CC)
		}
		if a, b := form(m.Payload), form(want.Payload); a != b {
			t.Errorf("%s: payload\n%s\nrecorded\n%s", kind, a, b)
		}
	}
	if compared < 12 {
		t.Errorf("compared %d kinds of messages, want most", compared)
	}
}

type message struct {
	Exchange, RoutingKey string
	CC                   []string
	Payload              any
}

// keyForm tells which fields of a routing key are filled.
func keyForm(key string) string {
	fields := strings.Split(key, ".")
	for i, f := range fields {
		if i > 0 && f != "_" {
			fields[i] = "x"
		}
	}
	return strings.Join(fields, ".")
}

// form is a value with its texts and numbers left out, but for those that come
// out of a short list.
func form(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			text := form(v[k])
			if s, ok := v[k].(string); ok && (k == "state" || strings.HasPrefix(k, "reason")) {
				text = s
			}
			fields = append(fields, k+":"+text)
		}
		return "{" + strings.Join(fields, " ") + "}"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, form(item))
		}
		return "[" + strings.Join(items, " ") + "]"
	}
	return fmt.Sprintf("%T", v)
}
