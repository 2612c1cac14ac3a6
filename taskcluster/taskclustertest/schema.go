package taskclustertest

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
)

// field says what a field of a task definition may hold.
type field struct {
	kind     string // string, list, object, number, time
	pattern  *regexp.Regexp
	min, max int // characters, or items
	unique   bool
	required bool
	value    any // the default
}

var (
	slugPattern       = regexp.MustCompile(`^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`)
	identifierPattern = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,38}$`)
	workerTypePattern = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$`)
	queuePattern      = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,38}/[a-z]([-a-z0-9]{0,36}[a-z0-9])?$`)
	projectPattern    = regexp.MustCompile(`^([a-zA-Z0-9._/-]*)$`)
	priorityPattern   = regexp.MustCompile(`^(highest|very-high|high|medium|low|very-low|lowest)$`)
	requiresPattern   = regexp.MustCompile(`^(all-completed|all-resolved)$`)
	scopePattern      = regexp.MustCompile(`^[ -~]*$`)
	sourcePattern     = regexp.MustCompile(`^(https?://|ssh://|git@)`)
	anyPattern        = regexp.MustCompile(``)
)

// The essentials of create-task-request.json and task-metadata.json.
var (
	taskFields = map[string]field{
		"provisionerId": {kind: "string", pattern: identifierPattern},
		"workerType":    {kind: "string", pattern: workerTypePattern},
		"taskQueueId":   {kind: "string", pattern: queuePattern},
		"schedulerId":   {kind: "string", pattern: identifierPattern, value: "-"},
		"projectId":     {kind: "string", pattern: projectPattern, min: 1, max: 500, value: "none"},
		"taskGroupId":   {kind: "string", pattern: slugPattern},
		"dependencies":  {kind: "list", pattern: slugPattern, max: 10000, unique: true, value: []any{}},
		"requires":      {kind: "string", pattern: requiresPattern, value: "all-completed"},
		"routes":        {kind: "list", pattern: anyPattern, max: 64, value: []any{}},
		"priority":      {kind: "string", pattern: priorityPattern, value: "lowest"},
		"retries":       {kind: "number", max: 49, value: float64(5)},
		"created":       {kind: "time", required: true},
		"deadline":      {kind: "time", required: true},
		"expires":       {kind: "time"},
		"scopes":        {kind: "list", pattern: scopePattern, value: []any{}},
		"payload":       {kind: "object", required: true},
		"metadata":      {kind: "object", required: true},
		"tags":          {kind: "object", value: map[string]any{}},
		"extra":         {kind: "object", value: map[string]any{}},
	}
	metadataFields = map[string]field{
		"name":        {kind: "string", max: 255, required: true},
		"description": {kind: "string", max: 32768, required: true},
		"owner":       {kind: "string", max: 255, required: true},
		"source":      {kind: "string", pattern: sourcePattern, max: 4096, required: true},
	}
)

// checkSchema are the ways in which a definition isn't one, in the validator's
// words.
func checkSchema(definition map[string]any) []string {
	problems := checkFields("data", definition, taskFields)
	if metadata, ok := definition["metadata"].(map[string]any); ok {
		problems = append(problems, checkFields("data/metadata", metadata, metadataFields)...)
	}
	if tags, ok := definition["tags"].(map[string]any); ok {
		for name, value := range tags {
			if p := (field{kind: "string", max: 4096}).check(value); p != "" {
				problems = append(problems, "data/tags/"+name+p)
			}
		}
	}
	if routes, ok := definition["routes"].([]any); ok {
		problems = append(problems, checkRoutes(routes)...)
	}
	if definition["taskQueueId"] == nil && (definition["provisionerId"] == nil || definition["workerType"] == nil) {
		problems = append(problems, "data must have required property 'taskQueueId'")
	}
	return problems
}

func checkFields(where string, object map[string]any, fields map[string]field) []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, given := object[name]
		if !given {
			if fields[name].required {
				problems = append(problems, fmt.Sprintf("%s must have required property '%s'", where, name))
			}
			continue
		}
		if p := fields[name].check(value); p != "" {
			problems = append(problems, where+"/"+name+p)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, known := fields[name]; !known {
			problems = append(problems, fmt.Sprintf("%s must NOT have additional properties: %q", where, name))
		}
	}
	return problems
}

// check is what is wrong with a value, "" for nothing.
func (f field) check(value any) string {
	switch f.kind {
	case "object":
		if _, ok := value.(map[string]any); !ok {
			return " must be object"
		}
	case "number":
		if n, ok := value.(float64); !ok || n < 0 || n > float64(f.max) || n != float64(int(n)) {
			return fmt.Sprintf(" must be an integer from 0 to %d", f.max)
		}
	case "time":
		text, _ := value.(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return ` must match format "date-time"`
		}
	case "list":
		list, ok := value.([]any)
		if !ok {
			return " must be array"
		}
		if f.max > 0 && len(list) > f.max {
			return fmt.Sprintf(" must NOT have more than %d items", f.max)
		}
		for i, item := range list {
			if j := slices.IndexFunc(list[:i], func(other any) bool { return reflect.DeepEqual(other, item) }); f.unique && j >= 0 {
				return fmt.Sprintf(" must NOT have duplicate items (items ## %d and %d are identical)", i, j)
			}
			if p := (field{kind: "string", pattern: f.pattern}).check(item); p != "" {
				return fmt.Sprintf("/%d%s", i, p)
			}
		}
	case "string":
		text, ok := value.(string)
		switch {
		case !ok:
			return " must be string"
		case len(text) < f.min:
			return fmt.Sprintf(" must NOT have fewer than %d characters", f.min)
		case f.max > 0 && len(text) > f.max:
			return fmt.Sprintf(" must NOT have more than %d characters", f.max)
		case (f.pattern == priorityPattern || f.pattern == requiresPattern) && !f.pattern.MatchString(text):
			return " must be equal to one of the allowed values"
		case f.pattern != nil && !f.pattern.MatchString(text):
			return fmt.Sprintf(" must match pattern \"%s\"", f.pattern)
		}
	}
	return ""
}

func checkRoutes(routes []any) []string {
	var problems []string
	for i, route := range routes {
		text, ok := route.(string)
		if !ok {
			continue // told already
		}
		if text == "" {
			problems = append(problems, fmt.Sprintf("data/routes/%d must NOT have fewer than 1 characters", i))
		}
		if len(text) > 249 {
			problems = append(problems, fmt.Sprintf("data/routes/%d must NOT have more than 249 characters", i))
		}
		if j := slices.IndexFunc(routes[:i], func(other any) bool { return other == text }); j >= 0 {
			problems = append(problems, fmt.Sprintf("data/routes must NOT have duplicate items (items ## %d and %d are identical)", i, j))
		}
	}
	return problems
}

const taskSchema = "queue/v1/create-task-request.json"

func schemaMessage(schema string, problems []string) string {
	return "\nSchema Validation Failed!\nRejecting Schema: " + schema + "#\nErrors:\n  * " + strings.Join(problems, "\n  * ")
}

// invalid refuses a payload that its schema doesn't allow.
func (s *Server) invalid(req *request, schema string, problems []string) answer {
	return s.refuse(req, 400, "InputValidationError", schemaMessage(s.URL+"/schemas/"+schema, problems))
}

// fillIn completes a definition that the schema allows with the queue's defaults.
func fillIn(definition map[string]any, taskID string) {
	for name, f := range taskFields {
		if _, given := definition[name]; !given && f.value != nil {
			definition[name] = f.value
		}
	}
	if queue, ok := definition["taskQueueId"].(string); ok {
		definition["provisionerId"], definition["workerType"], _ = strings.Cut(queue, "/")
	} else {
		definition["taskQueueId"] = fmt.Sprintf("%s/%s", definition["provisionerId"], definition["workerType"])
	}
	if definition["taskGroupId"] == nil {
		definition["taskGroupId"] = taskID
	}
	if definition["expires"] == nil {
		deadline, _ := time.Parse(time.RFC3339, definition["deadline"].(string))
		definition["expires"] = taskcluster.Time(deadline.AddDate(1, 0, 0)).String()
	}
	for _, name := range []string{"created", "deadline", "expires"} { // the queue keeps milliseconds
		at, _ := time.Parse(time.RFC3339, definition[name].(string))
		definition[name] = taskcluster.Time(at).String()
	}
}
