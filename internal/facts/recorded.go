package facts

import (
	"fmt"
	"strings"
	"time"

	"verdict/rules"
)

// Revive reads facts that were kept with a decision, and makes them what they were: a time is a time again, a whole
// number an int64. What has no type of ours, such as a payload, is as JSON has it.
func Revive(kept []byte) (map[string]any, error) {
	v, err := Decode(kept)
	if err != nil {
		return nil, fmt.Errorf("read the facts: %w", err)
	}
	all, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("read the facts: they are %T, not an object", v)
	}
	types := rules.Types()
	for _, f := range rules.Fields() {
		if v, ok := all[f.Name]; ok {
			all[f.Name] = revived(v, f.Type, types)
		}
	}
	return all, nil
}

func revived(v any, typ string, types map[string][]rules.Field) any {
	if of, ok := strings.CutPrefix(typ, "list<"); ok {
		items, _ := v.([]any)
		for i, item := range items {
			items[i] = revived(item, strings.TrimSuffix(of, ">"), types)
		}
		return v
	}
	if text, ok := v.(string); ok && typ == "timestamp" {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t
		}
		return v
	}
	fields, _ := v.(map[string]any)
	for _, f := range types[typ] {
		if inner, ok := fields[f.Name]; ok && fields != nil {
			fields[f.Name] = revived(inner, f.Type, types)
		}
	}
	return v
}
