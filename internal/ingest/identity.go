package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"
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

// message is what the table reads of a payload, in one pass over it.
type message struct {
	status, taskGroupID, runID, artifact gjson.Result
}

func parse(payload string) message {
	var m message
	gjson.Parse(payload).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "status":
			m.status = value
		case "runId":
			m.runID = value
		case "taskGroupId":
			m.taskGroupID = value
		case "artifact":
			m.artifact = value
		}
		return true
	})
	return m
}

// identity says what makes an occurrence on an exchange, see the table.
type identity func(exchange string, m message) (occurrence, error)

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

// identify reads an exchange's payload by the table; an error means that the payload isn't what its exchange
// promises.
func identify(short, exchange string, payload []byte) (occurrence, error) {
	if !gjson.ValidBytes(payload) {
		return occurrence{}, errors.New("the message is not JSON")
	}
	m := parse(string(payload))
	if f, ok := identities[short]; ok {
		return f(exchange, m)
	}
	return occurrence{
		taskID:  m.status.Get("taskId").Str,
		groupID: cmp.Or(m.status.Get("taskGroupId").Str, m.taskGroupID.Str),
	}, nil
}

func ofTask(exchange string, m message) (occurrence, error) {
	o, _, err := taskOf(m)
	if err == nil {
		o.id = ID("pulse", exchange, o.taskID)
	}
	return o, err
}

// ofRun identifies by the run's state and times: a message that the queue publishes again tells the same.
func ofRun(exchange string, m message) (occurrence, error) {
	o, runs, err := taskOf(m)
	if err != nil {
		return o, err
	}
	if m.runID.Type != gjson.Number {
		return o, errors.New(`the message has no "runId", which every message on this exchange has`)
	}
	o.runID = int(m.runID.Int())
	run, ok := nth(runs, o.runID)
	if !ok {
		return o, fmt.Errorf(`the message is about run %d, which is not among its "status.runs"`, o.runID)
	}
	var state, scheduled, started, resolved string
	run.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "state":
			state = value.Str
		case "scheduled":
			scheduled = value.Str
		case "started":
			started = value.Str
		case "resolved":
			resolved = value.Str
		}
		return true
	})
	o.time = timeOf(cmp.Or(resolved, started, scheduled))
	o.id = ID("pulse", exchange, o.taskID, m.runID.Raw, state, scheduled, started, resolved)
	return o, nil
}

func ofArtifact(exchange string, m message) (occurrence, error) {
	o, _, err := taskOf(m)
	if err != nil {
		return o, err
	}
	o.runID = int(m.runID.Int())
	o.id = ID("pulse", exchange, o.taskID, m.runID.Raw, m.artifact.Get("name").Str, m.artifact.Get("expires").Str)
	return o, nil
}

func taskOf(m message) (o occurrence, runs gjson.Result, err error) {
	m.status.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "taskId":
			o.taskID = value.Str
		case "taskGroupId":
			o.groupID = value.Str
		case "runs":
			runs = value
		}
		return true
	})
	if o.taskID == "" {
		return o, runs, errNoStatus
	}
	return o, runs, nil
}

// nth is the n-th element of an array.
func nth(array gjson.Result, n int) (element gjson.Result, ok bool) {
	if !array.IsArray() || n < 0 {
		return element, false
	}
	array.ForEach(func(_, value gjson.Result) bool {
		element, ok = value, n == 0
		n--
		return !ok
	})
	return element, ok
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
