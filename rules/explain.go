package rules

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// maxShown is how many characters of a value an explanation shows, maxQuoted how many of an outsider's text a
// message does.
const (
	maxShown  = 200
	maxQuoted = 300
)

// fields are the fields that a condition names, with what they are.
func (e *evaluation) fields(c condition) []Clause {
	var out []Clause
	for _, p := range c.paths {
		if len(p) == 1 && p[0] != "now" && p[0] != "files" {
			continue // a whole fact explains nothing
		}
		v, ok := e.lookup(p)
		out = append(out, shownField(p, v, ok))
	}
	return append(out, e.shownArtifacts(c)...)
}

// told are the fields of a clause with their values, as far as the payload tells them.
func (t *Trigger) told(c condition, payload any) []Clause {
	var out []Clause
	for _, p := range c.paths {
		if at := t.inPayload(p); at != nil {
			v, ok := within(payload, at)
			out = append(out, shownField(p, v, ok))
		}
	}
	return out
}

func shownField(p fieldPath, v any, there bool) Clause {
	shown := "absent"
	if there {
		shown = show(v)
	}
	return Clause{Text: p.String(), Held: there, Value: shown}
}

func (e *evaluation) lookup(p fieldPath) (any, bool) {
	v, _ := e.fact(p[0])
	return within(v, p[1:])
}

// within is what stands at a path in a value; false where nothing does.
func within(v any, p fieldPath) (any, bool) {
	for _, word := range p {
		m, isMap := v.(map[string]any)
		if !isMap {
			return nil, false
		}
		v = m[word]
	}
	return v, v != nil
}

func show(v any) string {
	var text string
	switch v := v.(type) {
	case time.Time:
		text = v.UTC().Format(time.RFC3339)
	case string:
		text = strconv.Quote(v)
	case int64:
		text = strconv.FormatInt(v, 10)
	case bool:
		text = strconv.FormatBool(v)
	case []any:
		if len(v) > 5 {
			text = fmt.Sprintf("%d items", len(v))
			break
		}
		text = asJSON(v)
	default:
		text = asJSON(v)
	}
	return capped(text, maxShown)
}

func asJSON(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprintf("%T", v)
	}
	return strings.TrimSpace(b.String())
}

func capped(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}

// harmlessText is an outsider's text on one line: nobody can add lines to a message of ours.
func harmlessText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	return capped(text, maxQuoted)
}

// cleaned makes all texts below a path harmless. What is changed is copied first.
func cleaned(v any, p []string) any {
	switch v := v.(type) {
	case string:
		return harmlessText(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = cleaned(item, p)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if len(p) == 0 {
				item = cleaned(item, nil)
			} else if k == p[0] {
				item = cleaned(item, p[1:])
			}
			out[k] = item
		}
		return out
	}
	return v
}

// plainValue is a CEL value as JSON-e knows values.
func plainValue(v ref.Val) any {
	switch v := v.(type) {
	case types.Null:
		return nil
	case types.Uint:
		return int64(v)
	case types.Timestamp:
		return v.Time
	case types.Duration:
		return v.Duration.String()
	case *types.Optional:
		if !v.HasValue() {
			return nil
		}
		return plainValue(v.GetValue())
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			out = append(out, plainValue(it.Next()))
		}
		return out
	case freeMap:
		return v.entries
	case traits.Mapper:
		out := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			out[fmt.Sprint(key.Value())] = plainValue(v.Get(key))
		}
		return out
	}
	return v.Value()
}
