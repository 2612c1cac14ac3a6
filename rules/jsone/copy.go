package jsone

// copied is a value of the context as the result may have it: its own.
func (r *run) copied(v any, depth int) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	if depth > MaxDepth {
		return nil, templateError("values nested deeper than %d levels", MaxDepth)
	}
	switch v := plain(v).(type) {
	case nil, bool, int64, float64:
		return v, nil
	case string:
		return v, r.write(len(v))
	case *builtin:
		r.functions = true
		return v, nil
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			own, err := r.copied(item, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = own
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			own, err := r.copied(item, depth+1)
			if err != nil {
				return nil, err
			}
			m[key] = own
		}
		return m, nil
	default:
		return nil, interpreterError("a value of the Go type %T has no JSON", v)
	}
}

// holdsFunction searches a result for functions that nobody called.
func holdsFunction(v any) bool {
	switch v := v.(type) {
	case *builtin:
		return true
	case []any:
		for _, item := range v {
			if holdsFunction(item) {
				return true
			}
		}
	case map[string]any:
		for _, item := range v {
			if holdsFunction(item) {
				return true
			}
		}
	}
	return false
}
