package jsone

// constant is a scalar that stands in the template as it is.
type constant struct{ value any }

func (n constant) render(r *run, _ *scope) (any, error) {
	if s, ok := n.value.(string); ok {
		if err := r.write(len(s)); err != nil {
			return nil, err
		}
	}
	return n.value, r.step(1)
}

// listNode renders each item and leaves out those that are deleted.
type listNode []node

func (n listNode) render(r *run, s *scope) (any, error) {
	list := make([]any, 0, len(n))
	for i, item := range n {
		v, err := r.child(item, s)
		if err != nil {
			return nil, under(err, inList(i))
		}
		if v != deleted {
			list = append(list, v)
		}
	}
	return list, r.step(1)
}

// objectNode renders keys and values, in the order of the keys as written.
type objectNode struct{ entries []entry }

type entry struct {
	source     string
	key, value node
}

func (n objectNode) render(r *run, s *scope) (any, error) {
	m := make(map[string]any, len(n.entries))
	for i := range n.entries {
		e := &n.entries[i]
		v, err := r.child(e.value, s)
		if err != nil {
			return nil, under(err, inKey(e.source))
		}
		if v == deleted {
			continue
		}
		key, err := e.key.render(r, s)
		if err != nil {
			return nil, under(err, ofKey(e.source))
		}
		m[key.(string)] = v
	}
	return m, r.step(1)
}

// operand renders an operator's own value, whose errors come from under the operator's key.
func operand(r *run, s *scope, n node, operator string) (any, error) {
	v, err := r.child(n, s)
	if err != nil {
		return nil, under(err, inOperator(operator))
	}
	return v, nil
}
