package scopes

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Priorities of tasks from the highest to the lowest, which is the default.
var Priorities = []string{"highest", "very-high", "high", "medium", "low", "very-low", "lowest"}

// value works a parameter out.
func (d Derived) value(r Request, body fields) (any, error) {
	from, err := d.origin(r, body)
	if err != nil {
		return nil, err
	}
	switch d.How {
	case AsList:
		return from.list(d.Field)
	case AsKeys:
		return slices.Sorted(maps.Keys(from)), nil
	case AsAdded:
		return added(from, body, d.Field)
	case AsRepoPerms:
		return repoPerms(from)
	case AsTaskQueue, AsProvisioner, AsWorkerType:
		return d.queue(from)
	}
	text, ok, err := from.text(d.Field)
	if err != nil {
		return nil, err
	}
	if !ok {
		if d.Absent == "" {
			return nil, &ParamError{Param: d.Param, Reason: fmt.Sprintf("there is no %s", d.Field)}
		}
		text = d.Absent
	}
	switch d.How {
	case AsIs:
		return text, nil
	case AsOne:
		return []string{text}, nil
	case AsLower:
		return strings.ToLower(text), nil
	case AsReadOnly:
		return text == "read-only", nil
	case AsPriorities:
		return fromOwnUpwards(text)
	}
	return nil, fmt.Errorf("there is no form %q", d.How)
}

// origin is where the parameter's field is.
func (d Derived) origin(r Request, body fields) (fields, error) {
	switch d.From {
	case FromPayload:
		return body, nil
	case FromArgs:
		args := fields{}
		for name, text := range r.Args {
			quoted, err := json.Marshal(text)
			if err != nil {
				return nil, err
			}
			args[name] = quoted
		}
		return args, nil
	case FromNowhere:
		return nil, &ParamError{Param: d.Param, Reason: "no call tells it"}
	}
	lookup, ok := lookupOf(d.From)
	if !ok {
		return nil, fmt.Errorf("there is no origin %q", d.From)
	}
	answer, ok := r.Known[d.From]
	if !ok {
		return nil, &LookupError{Param: d.Param, Lookup: lookup}
	}
	f, err := object(answer)
	if err != nil {
		return nil, fmt.Errorf("read answer of %s.%s: %w", lookup.Service, lookup.Method, err)
	}
	return f, nil
}

func fromOwnUpwards(priority string) ([]string, error) {
	own := slices.Index(Priorities, priority)
	if own < 0 {
		return nil, fmt.Errorf("no priority %q; there are %v", priority, Priorities)
	}
	upwards := slices.Clone(Priorities[:own+1])
	slices.Reverse(upwards)
	return upwards, nil
}

// queue is the task queue, or a part of it.
func (d Derived) queue(from fields) (string, error) {
	id, ok, err := from.text("taskQueueId")
	if err != nil {
		return "", err
	}
	if !ok {
		if id, err = twoFields(from); err != nil {
			return "", err
		}
	}
	provisioner, worker, whole := strings.Cut(id, "/")
	if !whole {
		return "", &ParamError{Param: d.Param, Reason: "there is no taskQueueId of the form provisionerId/workerType"}
	}
	switch d.How {
	case AsProvisioner:
		return provisioner, nil
	case AsWorkerType:
		return worker, nil
	}
	return id, nil
}

// twoFields is a task queue as older definitions have it; "" if they don't.
func twoFields(from fields) (string, error) {
	provisioner, ok, err := from.text("provisionerId")
	if err != nil || !ok {
		return "", err
	}
	worker, ok, err := from.text("workerType")
	if err != nil || !ok {
		return "", err
	}
	return provisioner + "/" + worker, nil
}

// added are the scopes of the payload that what is there doesn't allow, with all
// that its roles give.
func added(there, body fields, field string) ([]string, error) {
	wanted, err := body.list("scopes")
	if err != nil {
		return nil, err
	}
	held, err := there.list(field)
	if err != nil {
		return nil, err
	}
	return append([]string{}, Missing(held, wanted)...), nil
}

// repoPerms are each repository with each permission. GitHub doesn't tell the
// case of repositories apart, scopes have them in lower case.
func repoPerms(body fields) ([]string, error) {
	repositories, err := body.list("repositories")
	if err != nil {
		return nil, err
	}
	permissions, err := object(body["permissions"])
	if err != nil {
		return nil, fmt.Errorf("read permissions: %w", err)
	}
	list := []string{}
	for _, repository := range repositories {
		for _, name := range slices.Sorted(maps.Keys(permissions)) {
			level, _, err := permissions.text(name)
			if err != nil {
				return nil, err
			}
			list = append(list, strings.ToLower(repository)+":"+name+":"+level)
		}
	}
	return list, nil
}
