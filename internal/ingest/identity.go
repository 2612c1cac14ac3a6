package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fastjson"
)

// idLength is how many characters an id has: 130 bits, so that ids never meet by chance.
const idLength = 26

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID is the identity made of parts: the same parts, the same id, in every process and after every restart.
func ID(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p) + 1
	}
	buf := make([]byte, 0, n)
	for _, p := range parts {
		buf = append(append(buf, p...), 0)
	}
	sum := sha256.Sum256(buf)
	return idEncoding.EncodeToString(sum[:])[:idLength]
}

// occurrence is what a pulse payload says of itself.
type occurrence struct {
	// id is empty for a hint: a message that doesn't say which occurrence it tells.
	id              string
	taskID, groupID string
	runID           int
	// time is the payload's own; zero where it has none.
	time time.Time
}

// identity says what makes an occurrence on an exchange, see the table.
type identity func(exchange string, payload *fastjson.Value) (occurrence, error)

// identities is the table: what tells two occurrences on an exchange apart, by the exchange's short name.
// What is not in it is a hint. task-group-resolved is one on purpose: it comes early, and again after each later
// resolution, with the same bytes. So are the priority exchanges, whose payloads hold no time.
var identities = map[string]identity{
	"queue/task-defined":     ofTask,
	"queue/task-pending":     ofRun,
	"queue/task-running":     ofRun,
	"queue/task-completed":   ofRun,
	"queue/task-failed":      ofRun,
	"queue/task-exception":   ofRun,
	"queue/artifact-created": ofArtifact,
}

var errNoStatus = errors.New(`the message has no "status.taskId", which every message on this exchange has: was it published by something else?`)

var errNotJSON = errors.New("the message is not JSON")

// identify reads an exchange's payload by the table; an error means that the payload isn't what its exchange
// promises.
func identify(short, exchange string, m *fastjson.Value) (occurrence, error) {
	if f, ok := identities[short]; ok {
		return f(exchange, m)
	}
	return occurrence{
		taskID:  text(m, "status", "taskId"),
		groupID: cmp.Or(text(m, "status", "taskGroupId"), text(m, "taskGroupId")),
	}, nil
}

func ofTask(exchange string, m *fastjson.Value) (occurrence, error) {
	o, err := taskOf(m)
	if err == nil {
		o.id = ID("pulse", exchange, o.taskID)
	}
	return o, err
}

// ofRun identifies by the run's state and times: a message that the queue publishes again tells the same.
func ofRun(exchange string, m *fastjson.Value) (occurrence, error) {
	o, err := taskOf(m)
	if err != nil {
		return o, err
	}
	runID, number := numberOf(m.Get("runId"))
	if number == "" {
		return o, errors.New(`the message has no "runId", which every message on this exchange has`)
	}
	o.runID = runID
	runs := m.GetArray("status", "runs")
	if runID < 0 || runID >= len(runs) {
		return o, fmt.Errorf(`the message is about run %d, which is not among its "status.runs"`, runID)
	}
	run := runs[runID]
	scheduled, started, resolved := text(run, "scheduled"), text(run, "started"), text(run, "resolved")
	o.time = timeOf(cmp.Or(resolved, started, scheduled))
	o.id = ID("pulse", exchange, o.taskID, number, text(run, "state"), scheduled, started, resolved)
	return o, nil
}

func ofArtifact(exchange string, m *fastjson.Value) (occurrence, error) {
	o, err := taskOf(m)
	if err != nil {
		return o, err
	}
	runID, number := numberOf(m.Get("runId"))
	o.runID = runID
	o.id = ID("pulse", exchange, o.taskID, number, text(m, "artifact", "name"), text(m, "artifact", "expires"))
	return o, nil
}

func taskOf(m *fastjson.Value) (o occurrence, err error) {
	o.taskID, o.groupID = text(m, "status", "taskId"), text(m, "status", "taskGroupId")
	if o.taskID == "" {
		return o, errNoStatus
	}
	return o, nil
}

// text is a string in a payload; "" where there is none.
func text(v *fastjson.Value, path ...string) string { return string(v.GetStringBytes(path...)) }

// numberOf is a number's value, and how it is written; "" where it is none.
func numberOf(v *fastjson.Value) (n int, written string) {
	if v == nil || v.Type() != fastjson.TypeNumber {
		return 0, ""
	}
	return v.GetInt(), string(v.MarshalTo(nil))
}

func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// ShortName is how rules name an exchange: exchange/taskcluster-queue/v1/task-failed is queue/task-failed. The
// name of any other exchange is returned as it is.
func ShortName(prefix, exchange string) string {
	rest, ok := strings.CutPrefix(exchange, prefix)
	if !ok {
		return exchange
	}
	service, name, ok := strings.Cut(rest, "/v1/")
	if !ok {
		return exchange
	}
	return service + "/" + name
}
