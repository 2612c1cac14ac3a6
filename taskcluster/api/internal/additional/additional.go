// Package additional reads and writes JSON objects that have more properties
// than a Go struct has fields. The generated packages use it for schemas that
// allow properties which they don't name.
package additional

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Unmarshal reads an object into the struct that known points to, and gives the
// properties that have no field there, and those that are null, which no field
// tells from absent; nil where there are none. Names are compared as they are
// written, upper and lower case told apart.
func Unmarshal(data []byte, known any) (map[string]json.RawMessage, error) {
	if err := json.Unmarshal(data, known); err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for field := range reflect.TypeOf(known).Elem().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if string(all[name]) != "null" {
			delete(all, name)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// Marshal writes the struct known and, beside its fields, further properties, but
// for those that a field says already.
func Marshal(known any, further map[string]json.RawMessage) ([]byte, error) {
	data, err := json.Marshal(known)
	if err != nil || len(further) == 0 {
		return data, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("write %T: %w", known, err)
	}
	for name, value := range further {
		if _, taken := all[name]; !taken {
			all[name] = value
		}
	}
	return json.Marshal(all)
}
