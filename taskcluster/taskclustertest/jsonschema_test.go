package taskclustertest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// references are documents by their name, as schemas/queue/v1/task.json.
type references map[string]map[string]any

const referencesFile = "../../../shared/reference/references.json"

func readReferences(t *testing.T) references {
	t.Helper()
	text, err := os.ReadFile(referencesFile)
	if os.IsNotExist(err) {
		t.Skipf("no references beside the repository: %s is missing", referencesFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct {
		Filename string
		Content  map[string]any
	}
	if err := json.Unmarshal(text, &documents); err != nil {
		t.Fatal(err)
	}
	all := references{}
	for _, d := range documents {
		all[d.Filename] = d.Content
	}
	return all
}

// problems are the ways in which a value isn't what a schema of a service says,
// as far as the references' schemas say it: each keyword that they use but for
// format, of which date-time is looked at.
func (r references) problems(service, schema string, value any) []string {
	name := "schemas/" + service + "/" + strings.TrimSuffix(schema, "#")
	document := r[name]
	if document == nil {
		return []string{"no schema " + name}
	}
	return r.check(name, document, "data", value)
}

// resolve follows a $ref, which is relative to the document it is in.
func (r references) resolve(in, ref string) (string, map[string]any) {
	file, pointer, _ := strings.Cut(ref, "#")
	if file != "" {
		in = in[:strings.LastIndexByte(in, '/')+1] + strings.TrimPrefix(file, "./")
	}
	found := r[in]
	for step := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		if step != "" {
			found, _ = found[step].(map[string]any)
		}
	}
	return in, found
}

func (r references) check(in string, schema map[string]any, at string, value any) []string {
	if ref, ok := schema["$ref"].(string); ok {
		document, found := r.resolve(in, ref)
		if found == nil {
			return []string{at + ": no schema " + ref}
		}
		return r.check(document, found, at, value)
	}
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, at+" "+fmt.Sprintf(format, args...)) }
	if want, ok := schema["type"].(string); ok && !isType(value, want) {
		say("is %T, want %s", value, want)
		return wrong
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(enum, func(e any) bool { return reflect.DeepEqual(e, value) }) {
		say("is %v, want one of %v", value, enum)
	}
	for keyword, least := range map[string]int{"oneOf": 1, "anyOf": 1} {
		list, ok := schema[keyword].([]any)
		if !ok {
			continue
		}
		fits := 0
		var why []string
		for _, part := range list {
			p := r.check(in, part.(map[string]any), at, value)
			if why = append(why, p...); len(p) == 0 {
				fits++
			}
		}
		if fits < least {
			say("fits none of %s: %s", keyword, strings.Join(why, "; "))
		}
	}
	switch v := value.(type) {
	case map[string]any:
		wrong = append(wrong, r.checkObject(in, schema, at, v)...)
	case []any:
		wrong = append(wrong, r.checkList(in, schema, at, v)...)
	case string:
		checkText(schema, v, say)
	case float64:
		if least, ok := schema["minimum"].(float64); ok && v < least {
			say("is %v, want at least %v", v, least)
		}
		if most, ok := schema["maximum"].(float64); ok && v > most {
			say("is %v, want at most %v", v, most)
		}
	}
	return wrong
}

func isType(value any, want string) bool {
	switch v := value.(type) {
	case map[string]any:
		return want == "object"
	case []any:
		return want == "array"
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && v == float64(int64(v))
	}
	return want == "null"
}

func (r references) checkObject(in string, schema map[string]any, at string, value map[string]any) (wrong []string) {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := value[name.(string)]; !there {
			wrong = append(wrong, fmt.Sprintf("%s lacks %s", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(value)) {
		part, known := properties[name].(map[string]any)
		if !known {
			switch more := schema["additionalProperties"].(type) {
			case bool:
				if !more {
					wrong = append(wrong, fmt.Sprintf("%s has %s, which is not in its schema", at, name))
				}
				continue
			case map[string]any:
				part = more
			default:
				continue
			}
		}
		wrong = append(wrong, r.check(in, part, at+"/"+name, value[name])...)
	}
	return wrong
}

func (r references) checkList(in string, schema map[string]any, at string, value []any) (wrong []string) {
	if most, ok := schema["maxItems"].(float64); ok && len(value) > int(most) {
		wrong = append(wrong, fmt.Sprintf("%s has %d items, want at most %v", at, len(value), most))
	}
	if schema["uniqueItems"] == true {
		for i, item := range value {
			if slices.ContainsFunc(value[:i], func(other any) bool { return reflect.DeepEqual(other, item) }) {
				wrong = append(wrong, fmt.Sprintf("%s/%d is there twice", at, i))
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		for i, item := range value {
			wrong = append(wrong, r.check(in, items, fmt.Sprintf("%s/%d", at, i), item)...)
		}
	}
	return wrong
}

func checkText(schema map[string]any, value string, say func(string, ...any)) {
	if most, ok := schema["maxLength"].(float64); ok && utf8.RuneCountInString(value) > int(most) {
		say("has more than %v characters", most)
	}
	if least, ok := schema["minLength"].(float64); ok && utf8.RuneCountInString(value) < int(least) {
		say("has fewer than %v characters", least)
	}
	if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
		say("is %q, which doesn't match %s", value, pattern)
	}
	if schema["format"] == "date-time" {
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			say("is %q, want a time", value)
		}
	}
}
