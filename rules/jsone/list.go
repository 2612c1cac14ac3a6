package jsone

import "slices"

// literal checks an operator's value that doesn't depend on anything: a scalar is never a list or an object.
func (c *compiler) literal(n node, message string) {
	if _, ok := n.(constant); ok {
		c.problem(TemplateError, "%s", message)
	}
}

// listOperand renders an operator's value, which has to be a list.
func listOperand(r *run, s *scope, n node, operator, otherwise string) ([]any, error) {
	v, err := operand(r, s, n, operator)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if _, err := r.known(v); err != nil && (!ok || slices.Contains(list, any(Unknown{}))) {
		return nil, err
	}
	if !ok {
		return nil, templateError("%s", otherwise)
	}
	return list, nil
}

// transform is an operator that makes something of a list and of nothing else.
type transform struct {
	operator, otherwise string
	of                  node
	make                func(r *run, list []any) (any, error)
}

func (n transform) render(r *run, s *scope) (any, error) {
	list, err := listOperand(r, s, n.of, n.operator, n.otherwise)
	if err != nil {
		return nil, err
	}
	if err := r.step(len(list) + 1); err != nil {
		return nil, err
	}
	return n.make(r, list)
}

func (c *compiler) transform(o map[string]any, n transform) node {
	if !c.alone(o, n.operator) {
		return constant{}
	}
	n.of = c.at(inOperator(n.operator), o[n.operator])
	c.literal(n.of, n.otherwise)
	return n
}

// flatten is $flatten: lists within the list give way to their items.
func (c *compiler) flatten(o map[string]any) node {
	return c.transform(o, transform{operator: "$flatten", otherwise: "$flatten value must evaluate to an array", make: flatten})
}

func flatten(r *run, list []any) (any, error) {
	flat := make([]any, 0, len(list))
	for _, item := range list {
		inner, ok := item.([]any)
		if !ok {
			inner = []any{item}
		}
		if err := r.step(len(inner)); err != nil {
			return nil, err
		}
		flat = append(flat, inner...)
	}
	return flat, nil
}

// flattenDeep is $flattenDeep: $flatten, all the way down.
func (c *compiler) flattenDeep(o map[string]any) node {
	return c.transform(o, transform{operator: "$flattenDeep", otherwise: "$flattenDeep value must evaluate to an array", make: flattenDeep})
}

func flattenDeep(r *run, list []any) (any, error) {
	flat := make([]any, 0, len(list))
	var add func([]any) error
	add = func(list []any) error {
		for _, item := range list {
			if inner, ok := item.([]any); ok {
				if err := add(inner); err != nil {
					return err
				}
				continue
			}
			flat = append(flat, item)
		}
		return r.step(len(list))
	}
	return flat, add(list)
}

// reverse is $reverse.
func (c *compiler) reverse(o map[string]any) node {
	return c.transform(o, transform{operator: "$reverse", otherwise: "$reverse value must evaluate to an array of objects", make: reverse})
}

func reverse(_ *run, list []any) (any, error) {
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	return reversed, nil
}

// merge is $merge: one object of several, where the last one that has a key counts.
func (c *compiler) merge(o map[string]any) node {
	return c.transform(o, transform{operator: "$merge", otherwise: "$merge value must evaluate to an array of objects", make: merge})
}

func merge(r *run, list []any) (any, error) {
	merged := map[string]any{}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, templateError("$merge value must evaluate to an array of objects")
		}
		if err := r.step(len(object)); err != nil {
			return nil, err
		}
		for key, v := range object {
			merged[key] = v
		}
	}
	return merged, nil
}

// mergeDeep is $mergeDeep: $merge, where objects under one key are merged too and lists are joined.
func (c *compiler) mergeDeep(o map[string]any) node {
	return c.transform(o, transform{operator: "$mergeDeep", otherwise: "$mergeDeep value must evaluate to an array of objects", make: mergeDeep})
}

func mergeDeep(r *run, list []any) (any, error) {
	var merged any = map[string]any{}
	for _, item := range list {
		if _, ok := item.(map[string]any); !ok {
			return nil, templateError("$mergeDeep value must evaluate to an array of objects")
		}
		var err error
		if merged, err = r.merged(merged, item); err != nil {
			return nil, err
		}
	}
	return merged, nil
}

// merged joins two values without changing either, since a value may stand in the result twice.
func (r *run) merged(a, b any) (any, error) {
	switch a := a.(type) {
	case Unknown:
		return a, nil
	case []any:
		if b, ok := b.([]any); ok {
			return slices.Concat(a, b), r.step(len(a) + len(b))
		}
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			break
		}
		both := make(map[string]any, len(a)+len(b))
		for key, v := range a {
			both[key] = v
		}
		for key, v := range b {
			if old, ok := both[key]; ok {
				var err error
				if v, err = r.merged(old, v); err != nil {
					return nil, err
				}
			}
			both[key] = v
		}
		return both, r.step(len(both))
	}
	return b, r.step(1)
}
