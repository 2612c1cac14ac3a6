package jsone

import "strings"

func (e binary) compare(left, right any) (any, error) {
	order, ok := compareValues(left, right)
	if !ok {
		return nil, interpreterError("infix: %s expects numbers/strings %s numbers/strings", e.operator, e.operator)
	}
	switch e.operator {
	case "<":
		return order < 0, nil
	case ">":
		return order > 0, nil
	case "<=":
		return order <= 0, nil
	default:
		return order >= 0, nil
	}
}

// compareValues orders two numbers, or two texts by their code points.
func compareValues(a, b any) (order int, ok bool) {
	if s, ok := a.(string); ok {
		t, ok := b.(string)
		return strings.Compare(s, t), ok
	}
	if i, ok := a.(int64); ok {
		if j, ok := b.(int64); ok {
			return compareNumbers(i, j), true
		}
	}
	x, ok := number(a)
	y, ok2 := number(b)
	return compareNumbers(x, y), ok && ok2
}

func compareNumbers[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// equal compares two values all the way down; 1 equals 1.0.
func (r *run) equal(a, b any, depth int) (bool, error) {
	if err := r.step(1); err != nil {
		return false, err
	}
	if depth > MaxDepth {
		return false, interpreterError("values nested deeper than %d levels", MaxDepth)
	}
	a, b = plain(a), plain(b)
	switch a := a.(type) {
	case nil, bool, *builtin:
		return a == b, nil
	case string:
		b, ok := b.(string)
		return ok && a == b, r.read(len(a))
	case int64, float64:
		return sameNumber(a, b), nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for i := range a {
			if same, err := r.equal(a[i], b[i], depth+1); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		b, ok := b.(map[string]any)
		return r.sameObject(a, b, ok, depth)
	default:
		return false, nil
	}
}

func (r *run) sameObject(a, b map[string]any, ok bool, depth int) (bool, error) {
	if !ok || len(a) != len(b) {
		return false, nil
	}
	for key := range a {
		other, ok := b[key]
		if !ok {
			return false, nil
		}
		if same, err := r.equal(a[key], other, depth+1); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func sameNumber(a, b any) bool {
	if i, ok := a.(int64); ok {
		if j, ok := b.(int64); ok {
			return i == j
		}
	}
	x, _ := number(a)
	y, ok := number(b)
	return ok && x == y
}

// contains is `needle in haystack`: an item of a list, a key of an object, a part of a text.
func (r *run) contains(haystack, needle any) (any, error) {
	switch haystack := haystack.(type) {
	case []any:
		for _, item := range haystack {
			if same, err := r.equal(item, needle, 0); same || err != nil {
				return same, err
			}
		}
		return false, nil
	case map[string]any:
		key, ok := needle.(string)
		if !ok {
			return nil, interpreterError("infix: in-object expects string on left side")
		}
		_, found := haystack[key]
		return found, nil
	case string:
		s, ok := needle.(string)
		if !ok {
			return nil, interpreterError("infix: in-string expects string on left side")
		}
		return strings.Contains(haystack, s), r.read(len(haystack))
	}
	return nil, interpreterError("infix: in expects Array, string, or object on right side")
}
