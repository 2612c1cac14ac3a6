package jsone

// when is a case of $match and $switch.
type when struct {
	key       string
	condition expr
	value     node
}

func (c *compiler) cases(o map[string]any, operator string) ([]when, node) {
	if !c.alone(o, operator) {
		return nil, nil
	}
	cases, ok := o[operator].(map[string]any)
	if !ok {
		c.problem(TemplateError, "%s can evaluate objects only", operator)
		return nil, nil
	}
	c.path = append(c.path, inOperator(operator))
	defer c.leave()
	var all []when
	var otherwise node
	for _, key := range sortedKeys(cases) {
		if key == "$default" && operator == "$switch" {
			otherwise = c.at(inOperator(key), cases[key])
			continue
		}
		all = append(all, when{key: key, condition: c.codeAt(Step{Key: key, Operator: true, OfKey: true}, key), value: c.at(inOperator(key), cases[key])})
	}
	return all, otherwise
}

func (w when) holds(r *run, s *scope, operator string) (bool, error) {
	v, err := evaluated(r, s, w.condition, w.key)
	if err != nil {
		return false, under(err, inOperator(operator))
	}
	return r.holds(s, w.condition, v), nil
}

// match is $match: the values of all conditions that hold, in the order of their texts.
func (c *compiler) match(o map[string]any) node {
	cases, _ := c.cases(o, "$match")
	return matchNode(cases)
}

type matchNode []when

func (n matchNode) render(r *run, s *scope) (any, error) {
	list := []any{}
	for _, w := range n {
		holds, err := w.holds(r, s, "$match")
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		v, err := operand(r, s, w.value, w.key)
		if err != nil {
			return nil, under(err, inOperator("$match"))
		}
		if v != deleted {
			list = append(list, v)
		}
	}
	return list, r.step(1)
}

// choose is $switch: the value of the one condition that holds, or of $default.
func (c *compiler) choose(o map[string]any) node {
	cases, otherwise := c.cases(o, "$switch")
	return switchNode{cases: cases, otherwise: otherwise}
}

type switchNode struct {
	cases     []when
	otherwise node
}

func (n switchNode) render(r *run, s *scope) (any, error) {
	chosen, key := n.otherwise, "$default"
	matched := false
	for _, w := range n.cases {
		holds, err := w.holds(r, s, "$switch")
		if err != nil {
			return nil, err
		}
		if holds && matched {
			return nil, templateError("$switch can only have one truthy condition")
		}
		if holds {
			chosen, key, matched = w.value, w.key, true
		}
	}
	if chosen == nil {
		return deleted, r.step(1)
	}
	v, err := operand(r, s, chosen, key)
	if err != nil {
		return nil, under(err, inOperator("$switch"))
	}
	return v, nil
}
