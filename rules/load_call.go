package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// hookForm is a hook to trigger.
type hookForm struct {
	ID      *yamlfile.Node `yaml:"id"`
	Payload *yamlfile.Node `yaml:"payload"`
	Happens *yamlfile.Node `yaml:"happens"`
}

// callForm is a method to call.
type callForm struct {
	Method  *yamlfile.Node `yaml:"method"`
	With    *yamlfile.Node `yaml:"with"`
	Payload *yamlfile.Node `yaml:"payload"`
	Happens *yamlfile.Node `yaml:"happens"`
}

const (
	triggerHook = "hooks.triggerHook"
	// The words of `happens`: what becomes of a call of which nobody knows whether it was made.
	atMostOnce  = "at most once"
	atLeastOnce = "at least once"
)

// callSpec is what is known of a call when the file is loaded.
type callSpec struct {
	method string
	// known is the method; nil: the methods weren't told.
	known *Method
	once  bool
}

const (
	hookUsage = "write hook: {id: group/name, payload: {…}}"
	callUsage = "write call: {method: queue.sealTaskGroup, with: {taskGroupId: …}}"
)

// hook reads a hook to trigger. Doing that twice runs it twice, so it happens at most once unless told otherwise.
func (r *ruleLoader) hook(n *yamlfile.Node, a *action) {
	a.kind = kindHook
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "hook says which hook, in a mapping", hookUsage)
		return
	}
	var form hookForm
	r.problems(yamlfile.Decode(n, &form))
	if form.ID == nil {
		r.refuse(n, "which hook isn't said", hookUsage)
		return
	}
	if group, name, ok := strings.Cut(form.ID.Text, "/"); form.ID.Kind != yamlfile.String || !ok || group == "" || name == "" {
		r.refuse(form.ID, "a hook is called by its group and its name", "id: group/name")
		return
	}
	a.call = &callSpec{method: triggerHook, once: r.happens(form.Happens, atMostOnce) == atMostOnce}
	if a.key == "" {
		a.key = kindHook + ":" + form.ID.Text
	}
	if form.Payload != nil && form.Payload.Kind != yamlfile.Mapping {
		r.refuse(form.Payload, "a payload is a mapping", "")
		return
	}
	r.request(n, a, "/id")
}

// call reads a method to call.
func (r *ruleLoader) call(n *yamlfile.Node, a *action) {
	a.kind = kindCall
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "call says which method, in a mapping", callUsage)
		return
	}
	var form callForm
	r.problems(yamlfile.Decode(n, &form))
	if form.Method == nil {
		r.refuse(n, "which method isn't said", callUsage)
		return
	}
	a.call = &callSpec{method: form.Method.Text}
	if a.key == "" {
		a.key = kindCall + ":" + form.Method.Text
	}
	known, ok := r.method(form.Method)
	if !ok {
		return
	}
	usual, decisive := atMostOnce, []string(nil)
	if known != nil {
		a.call.known, decisive = known, known.Decisive
		if known.Repeatable {
			usual = atLeastOnce
		}
		r.takes(n, form, known)
	}
	a.call.once = r.happens(form.Happens, usual) == atMostOnce
	own := []string{"/with"}
	for _, name := range decisive {
		own = append(own, "/payload/"+name)
	}
	r.request(n, a, own...)
}

// happens reads what becomes of a call of which nobody knows whether it was made.
func (r *ruleLoader) happens(n *yamlfile.Node, usual string) string {
	if n == nil {
		return usual
	}
	if n.Text != atMostOnce && n.Text != atLeastOnce {
		r.refuse(n, fmt.Sprintf("happens: %s is not known", n.Text), atMostOnce+", "+atLeastOnce)
	}
	return n.Text
}

// method finds a method by its name; nil where the methods weren't told.
func (r *ruleLoader) method(n *yamlfile.Node) (*Method, bool) {
	service, name, ok := strings.Cut(n.Text, ".")
	if n.Kind != yamlfile.String || !ok || service == "" || name == "" {
		r.refuse(n, "a method is called by its service and its name", "method: queue.sealTaskGroup")
		return nil, false
	}
	if r.in.Methods == nil {
		return nil, true
	}
	var services, names []string
	for i := range r.in.Methods {
		m := &r.in.Methods[i]
		if m.Name == n.Text {
			if m.Refused != "" {
				r.refuse(n, fmt.Sprintf("%s can't be called by a rule: %s", m.Name, m.Refused), m.Instead)
			}
			return m, m.Refused == ""
		}
		of, _, _ := strings.Cut(m.Name, ".")
		services = appendNew(services, of)
		if of == service {
			names = append(names, m.Name)
		}
	}
	if names == nil {
		r.refuse(n, fmt.Sprintf("Taskcluster has no service %q", service), yamlfile.DidYouMean(service, services))
		return nil, false
	}
	hint := "bot taskcluster call " + service + " lists them"
	if near := yamlfile.Nearest(n.Text, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.refuse(n, fmt.Sprintf("%s has no method %q", service, name), hint)
	return nil, false
}

// takes compares what is written with what the method takes.
func (r *ruleLoader) takes(n *yamlfile.Node, form callForm, m *Method) {
	if form.With != nil && form.With.Kind != yamlfile.Mapping {
		r.refuse(form.With, "with is a mapping of the method's parameters", listed(slices.Concat(m.Params, m.Query)))
		return
	}
	unknown := false
	if form.With != nil && !operates(form.With) {
		for _, e := range form.With.Entries {
			if known := slices.Concat(m.Params, m.Query); !slices.Contains(known, e.Key.Text) {
				unknown = true
				r.refuse(e.Key, fmt.Sprintf("%s: no such parameter of %s", e.Key.Text, m.Name), yamlfile.DidYouMean(e.Key.Text, known))
			} else if e.Value.Kind == yamlfile.Sequence || e.Value.Kind == yamlfile.Null || e.Value.Kind == yamlfile.Mapping && len(jsoneOperators(e.Value)) == 0 {
				r.refuse(e.Value, fmt.Sprintf("the parameter %s of %s is a text, not %s", e.Key.Text, m.Name, e.Value.Kind), "")
			}
		}
	}
	for _, name := range m.Params {
		if !unknown && (form.With == nil || form.With.Get(name) == nil && !operates(form.With)) {
			r.refuse(n, fmt.Sprintf("the parameter %q of %s is missing", name, m.Name), "with: {"+strings.Join(m.Params, ": …, ")+": …}")
			return
		}
	}
	switch {
	case m.Payload == nil && form.Payload != nil:
		r.refuse(n.Key("payload"), m.Name+" takes no payload", "")
	case m.Payload != nil && form.Payload == nil:
		r.refuse(n, m.Name+" takes a payload", "payload: {…}")
	}
}

// operates says whether a mapping is one of JSON-e's operators.
func operates(n *yamlfile.Node) bool {
	return len(jsoneOperators(n)) > 0 || slices.ContainsFunc(n.Entries, func(e yamlfile.Entry) bool { return strings.Contains(e.Key.Text, "${") })
}

// request compiles what is sent, and looks at all that it can come to. Below the own keys an outsider's text is
// refused, as below those of tasks.
func (r *ruleLoader) request(n *yamlfile.Node, a *action, own ...string) {
	if a.request = r.template(n, slices.Concat(own, tracked)); a.request == nil {
		return
	}
	a.request.text = "the " + a.kind
	ways, complete := a.request.jsone.Foresee(maxWays)
	told := map[string]bool{}
	for _, way := range ways {
		r.fits(n, a, way.Value, told)
	}
	if r.in.CallScopes != nil {
		r.callScopes(n, a, ways, complete)
	}
}

// fits compares a payload with what the method takes. Each mistake is told once.
func (r *ruleLoader) fits(n *yamlfile.Node, a *action, request any, told map[string]bool) {
	m, _ := request.(map[string]any)
	payload, there := m["payload"]
	if a.call.known == nil || !there {
		return
	}
	for _, bad := range a.call.known.Payload.check(payload, jsone.Path{{Key: "payload"}}) {
		at := follow(n, bad.path)
		if bad.ofKey {
			last := len(bad.path) - 1
			if key := follow(n, bad.path[:last]).Key(bad.path[last].Key); key != nil {
				at = key
			}
		}
		if id := fmt.Sprint(bad.path, bad.message); !told[id] {
			told[id] = true
			r.refuse(at, bad.message, bad.hint)
		}
	}
}
