package deliver

import (
	"net/http"
	"slices"
	"sync"

	"verdict/rules"
	"verdict/taskcluster/api/exchanges"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

// whyNot says why no rule may call a method, and what to write instead.
type whyNot struct{ why, instead string }

var (
	onlyAnswers = whyNot{"its answer is all that comes of it, and nobody reads that", "a rule's facts are fetched for it: docs/fields.md"}
	givesSecret = whyNot{"it answers with a secret, which would be lost", "call it by hand: bot taskcluster call"}
	ofWorkers   = whyNot{"it begins what only a worker can end", ""}
)

// notForRules are the methods that no rule may call though they do something, or have to be sent a body.
var notForRules = map[string]whyNot{
	"auth.createClient":               givesSecret,
	"auth.resetAccessToken":           givesSecret,
	"auth.githubRepoToken":            givesSecret,
	"auth.expandScopes":               onlyAnswers,
	"auth.authenticateHawk":           onlyAnswers,
	"auth.testAuthenticate":           onlyAnswers,
	"github.renderTaskclusterYml":     onlyAnswers,
	"hooks.triggerHook":               {"a hook has a word of its own", "hook: {id: group/name, payload: {…}}"},
	"hooks.triggerHookWithToken":      {"its token is a secret, and rules hold none", "hook: {id: group/name, payload: {…}}"},
	"hooks.resetTriggerToken":         givesSecret,
	"index.findTasksAtIndex":          onlyAnswers,
	"object.createUpload":             onlyAnswers,
	"object.startDownload":            onlyAnswers,
	"queue.tasks":                     onlyAnswers,
	"queue.statuses":                  onlyAnswers,
	"queue.createTask":                {"a task has a word of its own, by which it is created once", "task: {…}"},
	"queue.createArtifact":            {"its answer says where the artifact is to be put, and nobody reads that", ""},
	"queue.claimWork":                 ofWorkers,
	"queue.claimTask":                 ofWorkers,
	"queue.reclaimTask":               ofWorkers,
	"secrets.set":                     {"its payload is a secret, and rules hold none", "call it by hand: bot taskcluster call"},
	"worker-manager.registerWorker":   ofWorkers,
	"worker-manager.reregisterWorker": ofWorkers,
}

// repeatable are those with POST that set something to what it is already when they come again. PUT and DELETE do so
// anyhow.
var repeatable = []string{
	"auth.updateClient", "auth.enableClient", "auth.disableClient", "auth.updateRole", "github.cancelBuilds",
	"hooks.updateHook", "notify.addDenylistAddress", "object.finishUpload", "purge-cache.purgeCache",
	"queue.cancelTask", "queue.cancelTaskGroup", "queue.sealTaskGroup", "queue.scheduleTask",
	"queue.changeTaskPriority", "queue.changeTaskGroupPriority", "queue.reportCompleted", "queue.reportFailed",
	"worker-manager.updateWorkerPool", "worker-manager.updateWorker",
}

// Methods are all methods of Taskcluster's services as rules have to know them: for rules.Sources.
var Methods = sync.OnceValue(func() []rules.Method {
	out := make([]rules.Method, 0, len(methods.All))
	for i := range methods.All {
		out = append(out, methodOf(&methods.All[i]))
	}
	return out
})

func methodOf(m *scopes.Method) rules.Method {
	name := m.Service + "." + m.Name
	out := rules.Method{
		Name: name, Params: m.Args, Query: m.Query, Payload: shapeOf(methods.Payloads[name], 0),
		Decisive: decisive(m), Looks: len(m.Lookups()) > 0,
		Repeatable: m.Verb == http.MethodPut || m.Verb == http.MethodDelete || slices.Contains(repeatable, name),
	}
	r, no := notForRules[name]
	switch {
	case no:
		out.Refused, out.Instead = r.why, r.instead
	case m.Verb == http.MethodGet || m.Verb == http.MethodHead:
		out.Refused, out.Instead = "it only reads", onlyAnswers.instead
	}
	return out
}

// decisive are the fields of a method's payload on which its scopes depend.
func decisive(m *scopes.Method) []string {
	if m.Scopes == nil {
		return nil
	}
	var out []string
	for _, name := range m.Scopes.Params() {
		i := slices.IndexFunc(m.Derived, func(d scopes.Derived) bool { return d.Param == name })
		switch {
		case i >= 0 && m.Derived[i].From == scopes.FromPayload && m.Derived[i].Field != "":
			out = append(out, m.Derived[i].Field)
		case i < 0 && !slices.Contains(m.Args, name) && !slices.Contains(m.Query, name):
			out = append(out, name)
		}
	}
	return out
}

var shapeKinds = map[exchanges.Kind]string{
	exchanges.String: rules.TextShape, exchanges.Time: rules.TextShape, exchanges.Integer: rules.NumberShape,
	exchanges.Number: rules.NumberShape, exchanges.Bool: rules.BoolShape, exchanges.List: rules.ListShape,
	exchanges.Map: rules.ObjectShape, exchanges.Struct: rules.ObjectShape,
}

// deepest bounds how far a payload is looked into: a schema may lead to itself.
const deepest = 6

func shapeOf(t *exchanges.Type, depth int) *rules.Shape {
	if t == nil {
		return nil
	}
	out := &rules.Shape{Kind: shapeKinds[t.Kind], Values: t.Values, Open: t.Open || t.Kind == exchanges.Map, Nullable: t.Nullable}
	if depth == deepest {
		return &rules.Shape{}
	}
	out.Elem = shapeOf(t.Elem, depth+1)
	for _, f := range t.Fields {
		out.Fields = append(out.Fields, rules.ShapeField{Name: f.Name, Optional: f.Optional, Shape: shapeOf(f.Type, depth+1)})
	}
	return out
}
