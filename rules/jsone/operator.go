package jsone

// operatorFor is how a mapping with this key is compiled; nil where the key is no operator.
func operatorFor(key string) func(c *compiler, o map[string]any) node {
	switch key {
	case "$eval":
		return (*compiler).eval
	case "$find":
		return (*compiler).find
	case "$flatten":
		return (*compiler).flatten
	case "$flattenDeep":
		return (*compiler).flattenDeep
	case "$fromNow":
		return (*compiler).fromNow
	case "$if":
		return (*compiler).condition
	case "$json":
		return (*compiler).json
	case "$let":
		return (*compiler).let
	case "$map":
		return (*compiler).mapping
	case "$match":
		return (*compiler).match
	case "$merge":
		return (*compiler).merge
	case "$mergeDeep":
		return (*compiler).mergeDeep
	case "$reduce":
		return (*compiler).reduce
	case "$reverse":
		return (*compiler).reverse
	case "$sort":
		return (*compiler).sort
	case "$switch":
		return (*compiler).choose
	}
	return nil
}

// code compiles the expression that stands under an operator's key.
func (c *compiler) code(key string, v any, otherwise string) expr {
	source, ok := v.(string)
	if !ok {
		c.problem(TemplateError, "%s", otherwise)
		return nil
	}
	return c.codeAt(inOperator(key), source)
}

func (c *compiler) codeAt(step Step, source string) expr {
	c.path = append(c.path, step)
	defer c.leave()
	return c.expression(source)
}

// evaluated runs such an expression.
func evaluated(r *run, s *scope, e expr, key string) (any, error) {
	if r.foresight != nil {
		return r.foreseen(s, e), nil
	}
	v, err := e.eval(r, s)
	if err != nil {
		return nil, under(err, inOperator(key))
	}
	return v, nil
}

// eval is $eval: an expression's value.
func (c *compiler) eval(o map[string]any) node {
	if !c.alone(o, "$eval") {
		return constant{}
	}
	return evalNode{c.code("$eval", o["$eval"], "$eval must be given a string expression")}
}

type evalNode struct{ expr expr }

func (n evalNode) render(r *run, s *scope) (any, error) {
	v, err := evaluated(r, s, n.expr, "$eval")
	if err != nil || r.foresight != nil {
		return v, err
	}
	return r.copied(v, 0)
}

// condition is $if. Without `then`, or `else`, the value is left out.
func (c *compiler) condition(o map[string]any) node {
	if !c.only(o, "$if", func(key string) bool { return key == "then" || key == "else" }) {
		return constant{}
	}
	n := ifNode{condition: c.code("$if", o["$if"], "$if can evaluate string expressions only")}
	if v, ok := o["then"]; ok {
		n.then = c.at(inOperator("then"), v)
	}
	if v, ok := o["else"]; ok {
		n.otherwise = c.at(inOperator("else"), v)
	}
	return n
}

type ifNode struct {
	condition       expr
	then, otherwise node
}

func (n ifNode) render(r *run, s *scope) (any, error) {
	holds, err := evaluated(r, s, n.condition, "$if")
	if err != nil {
		return nil, err
	}
	branch, key := n.otherwise, "else"
	if r.holds(s, n.condition, holds) {
		branch, key = n.then, "then"
	}
	if branch == nil {
		return deleted, r.step(1)
	}
	return operand(r, s, branch, key)
}

// let is $let: more names for what is under `in`.
func (c *compiler) let(o map[string]any) node {
	if !c.only(o, "$let", func(key string) bool { return key == "in" }) {
		return constant{}
	}
	in, ok := o["in"]
	if !ok {
		return c.problem(TemplateError, "$let operator requires an `in` clause")
	}
	vars := c.at(inOperator("$let"), o["$let"])
	c.literal(vars, "$let value must be an object")
	c.bound = append(c.bound, namesOf(vars))
	defer func() { c.bound = c.bound[:len(c.bound)-1] }()
	return letNode{vars: vars, in: c.at(inOperator("in"), in)}
}

type letNode struct{ vars, in node }

func (n letNode) render(r *run, s *scope) (any, error) {
	v, err := operand(r, s, n.vars, "$let")
	if err != nil {
		return nil, err
	}
	vars, ok := v.(map[string]any)
	if v == (Unknown{}) {
		return nil, errUnknown
	}
	if !ok {
		return nil, templateError("$let value must be an object")
	}
	for name := range vars {
		if !isIdentifier(name) {
			return nil, templateError("top level keys of $let must follow /[a-zA-Z_][a-zA-Z0-9_]*/")
		}
	}
	return operand(r, &scope{parent: s, vars: vars}, n.in, "in")
}
