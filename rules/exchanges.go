package rules

import (
	"cmp"
	"slices"
	"strings"
)

// The named fields of a routing key, in their order, from each exchange's reference. What is reserved isn't
// named; the first is always the word primary.
var (
	keyOfTask     = []string{"routingKeyKind", "taskId", "runId", "workerGroup", "workerId", "provisionerId", "workerType", "schedulerId", "taskGroupId"}
	keyOfGroup    = []string{"routingKeyKind", "taskGroupId", "schedulerId"}
	keyOfPool     = []string{"routingKeyKind", "providerId", "provisionerId", "workerType", "workerGroup", "workerId", "launchConfigId"}
	keyOfRepo     = []string{"routingKeyKind", "organization", "repository"}
	keyOfPull     = []string{"routingKeyKind", "organization", "repository", "action"}
	keyOfTopic    = []string{"routingKeyKind"}
	keyOfNothing  = []string{}
	taskExchanges = []string{"queue/task-completed", "queue/task-failed", "queue/task-exception"}
)

const groupResolved = "queue/task-group-resolved"

// exchanges are those of Taskcluster's references, version 106, by the name that rules use.
var exchanges = map[string][]string{
	"queue/task-defined": keyOfTask, "queue/task-pending": keyOfTask, "queue/task-running": keyOfTask,
	"queue/artifact-created": keyOfTask, "queue/task-completed": keyOfTask, "queue/task-failed": keyOfTask,
	"queue/task-exception": keyOfTask, "queue/task-priority-changed": keyOfTask,
	"queue/task-group-resolved": keyOfGroup, "queue/task-group-sealed": keyOfGroup, "queue/task-group-priority-changed": keyOfGroup,
	"worker-manager/worker-pool-created": keyOfPool, "worker-manager/worker-pool-updated": keyOfPool,
	"worker-manager/worker-pool-error": keyOfPool, "worker-manager/worker-requested": keyOfPool,
	"worker-manager/worker-running": keyOfPool, "worker-manager/worker-stopped": keyOfPool,
	"worker-manager/worker-removed": keyOfPool, "worker-manager/launch-config-created": keyOfPool,
	"worker-manager/launch-config-updated": keyOfPool, "worker-manager/launch-config-archived": keyOfPool,
	"notify/notification": keyOfTopic,
	"hooks/hook-created":  keyOfNothing, "hooks/hook-updated": keyOfNothing, "hooks/hook-deleted": keyOfNothing,
	"github/pull-request": keyOfPull, "github/push": keyOfRepo, "github/release": keyOfRepo, "github/rerun": keyOfRepo,
	"github/task-group-creation-requested": keyOfRepo,
	"auth/client-created":                  keyOfNothing, "auth/client-updated": keyOfNothing, "auth/client-deleted": keyOfNothing,
	"auth/role-created": keyOfNothing, "auth/role-updated": keyOfNothing, "auth/role-deleted": keyOfNothing,
}

// DefaultExchangePrefix is what the names of Taskcluster's exchanges begin with.
const DefaultExchangePrefix = "exchange/taskcluster-"

// longName is an exchange's full name: queue/task-failed is exchange/taskcluster-queue/v1/task-failed, and a
// name of three parts or more is full already.
func longName(prefix, name string) string {
	service, rest, _ := strings.Cut(name, "/")
	if strings.Contains(rest, "/") {
		return name
	}
	return cmp.Or(prefix, DefaultExchangePrefix) + service + "/v1/" + rest
}

// ExchangeNames are the exchanges of Taskcluster's references by the names that rules use, sorted.
func ExchangeNames() []string { return keys(exchanges) }

// ExchangeName is the full name of an exchange that is called as in rules; false where Taskcluster has none of that
// name. A name of three parts or more is taken as it is. The prefix is what Taskcluster's begin with.
func ExchangeName(prefix, name string) (long string, ok bool) {
	long = longName(prefix, name)
	_, known := exchanges[name]
	return long, known || long == name && strings.Count(name, "/") >= 2
}

// ShortExchangeName is the name of an exchange as rules call it.
func ShortExchangeName(prefix, long string) string {
	rest, ours := strings.CutPrefix(long, cmp.Or(prefix, DefaultExchangePrefix))
	short := strings.Replace(rest, "/v1/", "/", 1)
	if _, known := exchanges[short]; ours && known {
		return short
	}
	return long
}

// routingKey is what a trigger asks of a routing key.
type routingKey struct {
	// words are asked for by place; "" fits any. More words may follow.
	words []string
	// exact says that no more words may follow.
	exact bool
	// topic is a pattern with # in its middle, which has no places.
	topic []string
}

// parseTopic reads a pattern with * and #.
func parseTopic(text string) routingKey {
	words := strings.Split(text, ".")
	at := slices.Index(words, "#")
	if at >= 0 && at < len(words)-1 {
		return routingKey{topic: words}
	}
	k := routingKey{words: words, exact: at < 0}
	if at >= 0 {
		k.words = words[:at]
	}
	for i, w := range k.words {
		if w == "*" {
			k.words[i] = ""
		}
	}
	return k
}

// pattern is what the queue is bound with.
func (k routingKey) pattern() string {
	if k.topic != nil {
		return strings.Join(k.topic, ".")
	}
	words := make([]string, 0, len(k.words)+1)
	for _, w := range k.words {
		words = append(words, cmp.Or(w, "*"))
	}
	if !k.exact {
		words = append(words, "#")
	}
	return strings.Join(words, ".")
}

func (k routingKey) match(words []string) bool {
	if k.topic != nil {
		return matchTopic(k.topic, words)
	}
	if len(words) < len(k.words) || k.exact && len(words) != len(k.words) {
		return false
	}
	for i, w := range k.words {
		if w != "" && w != words[i] {
			return false
		}
	}
	return true
}

// matchTopic is the broker's own rule: * is one word, # any number.
func matchTopic(pattern, words []string) bool {
	p, w, hash, mark := 0, 0, -1, 0
	for w < len(words) {
		switch {
		case p < len(pattern) && pattern[p] == "#":
			hash, mark = p, w
			p++
		case p < len(pattern) && (pattern[p] == "*" || pattern[p] == words[w]):
			p++
			w++
		case hash >= 0:
			mark++
			p, w = hash+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "#" {
		p++
	}
	return p == len(pattern)
}

// feeds says which exchanges tell that a task or group came into a state.
func feeds(source, typ string) []string {
	switch {
	case source == "group":
		return append(slices.Clone(taskExchanges), groupResolved)
	case source == "task" && typ == "settled":
		return taskExchanges
	case source == "task":
		return []string{"queue/task-" + typ}
	}
	return nil
}
