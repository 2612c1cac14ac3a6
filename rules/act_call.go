package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// call is a hook or a call as it will be sent.
func (e *evaluation) call(a *action, d *Decision) error {
	v, err := e.render(a.request)
	if err != nil {
		return err
	}
	request, ok := v.(map[string]any)
	if !ok {
		return e.unfit(a.request, "it came to no mapping")
	}
	call, why := callOf(a, request)
	if why != "" {
		return e.unfit(a.request, why)
	}
	d.Actions = append(d.Actions, Action{Key: a.key, Kind: a.kind, Call: &call})
	return nil
}

// callOf is the call that a rendered request asks for; why says what is wrong with it.
func callOf(a *action, request map[string]any) (call Call, why string) {
	call = Call{Method: a.call.method, Once: a.call.once, Payload: request["payload"]}
	if a.kind == kindHook {
		id, _ := request["id"].(string)
		group, name, _ := strings.Cut(id, "/")
		if !isParameter(group) || !isParameter(name) {
			return call, fmt.Sprintf("%q is no group/name of a hook", id)
		}
		call.With = map[string]string{"hookGroupId": group, "hookId": name}
		if call.Payload == nil {
			call.Payload = map[string]any{}
		}
		return call, ""
	}
	with, ok := request["with"].(map[string]any)
	if !ok && request["with"] != nil {
		return call, "with came to no mapping"
	}
	for _, name := range keys(with) {
		text, ok := parameter(with[name])
		if !ok {
			return call, fmt.Sprintf("the parameter %s can't be %#v", name, with[name])
		}
		if call.With == nil {
			call.With = map[string]string{}
		}
		call.With[name] = text
	}
	if a.call.known != nil {
		for _, name := range a.call.known.Params {
			if call.With[name] == "" {
				return call, fmt.Sprintf("the parameter %s is missing", name)
			}
		}
	}
	return call, ""
}

// parameter is a value as a part of an address.
func parameter(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, isParameter(v)
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}

// isParameter refuses what would lead to another address than the method's.
func isParameter(text string) bool { return text != "" && text != "." && text != ".." }
