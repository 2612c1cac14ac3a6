package ingest

import (
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

// identity says what makes an occurrence on an exchange, see the table.
type identity func(exchange string, payload []byte) (occurrence, error)

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
	if f, ok := identities[short]; ok {
		return f(exchange, payload)
	}
	return occurrence{
		taskID:  str(payload, "status.taskId"),
		groupID: firstOf(str(payload, "status.taskGroupId"), str(payload, "taskGroupId")),
	}, nil
}

func ofTask(exchange string, payload []byte) (occurrence, error) {
	o, err := taskOf(payload)
	if err == nil {
		o.id = ID("pulse", exchange, o.taskID)
	}
	return o, err
}

// ofRun identifies by the run's state and times: a message that the queue publishes again tells the same.
func ofRun(exchange string, payload []byte) (occurrence, error) {
	o, err := taskOf(payload)
	if err != nil {
		return o, err
	}
	runID := gjson.GetBytes(payload, "runId")
	if runID.Type != gjson.Number {
		return o, errors.New(`the message has no "runId", which every message on this exchange has`)
	}
	o.runID = int(runID.Int())
	run := gjson.GetBytes(payload, fmt.Sprintf("status.runs.%d", o.runID))
	if !run.Exists() {
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
	o.time = timeOf(firstOf(resolved, started, scheduled))
	o.id = ID("pulse", exchange, o.taskID, runID.Raw, state, scheduled, started, resolved)
	return o, nil
}

func ofArtifact(exchange string, payload []byte) (occurrence, error) {
	o, err := taskOf(payload)
	if err != nil {
		return o, err
	}
	runID := gjson.GetBytes(payload, "runId")
	o.runID = int(runID.Int())
	o.id = ID("pulse", exchange, o.taskID, runID.Raw, str(payload, "artifact.name"), str(payload, "artifact.expires"))
	return o, nil
}

func taskOf(payload []byte) (occurrence, error) {
	status := gjson.GetBytes(payload, "status")
	o := occurrence{taskID: status.Get("taskId").Str, groupID: status.Get("taskGroupId").Str}
	if o.taskID == "" {
		return o, errNoStatus
	}
	return o, nil
}

func str(payload []byte, path string) string { return gjson.GetBytes(payload, path).Str }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
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
