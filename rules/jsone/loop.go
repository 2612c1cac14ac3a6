package jsone

import (
	"slices"
	"strings"
)

// each finds the one property name(x), name(x,y) … of an operator, with between least and most names.
func (c *compiler) each(o map[string]any, operator, name string, least, most int) (key string, names []string) {
	for _, k := range sortedKeys(o) {
		if found := loopNames(k, name); len(found) >= least && len(found) <= most && key == "" {
			key, names = k, found
		}
	}
	return key, names
}

// loopNames reads the names of each(x,y).
func loopNames(key, name string) []string {
	inside, ok := strings.CutPrefix(key, name+"(")
	if !ok || !strings.HasSuffix(inside, ")") {
		return nil
	}
	names := strings.Split(strings.TrimSuffix(inside, ")"), ",")
	for i, n := range names {
		if names[i] = strings.TrimSpace(n); !isIdentifier(names[i]) {
			return nil
		}
	}
	return names
}

// within compiles something where a loop's variables are known.
func (c *compiler) within(names []string, compile func()) {
	c.bound = append(c.bound, binding{names: names})
	compile()
	c.bound = c.bound[:len(c.bound)-1]
}

// mapping is $map: a value for each item of a list, or one object out of an object's pairs.
func (c *compiler) mapping(o map[string]any) node {
	key, names := c.each(o, "$map", "each", 1, 2)
	switch {
	case !c.only(o, "$map", func(k string) bool { return k == key }):
		return constant{}
	case key == "":
		return c.problem(TemplateError, "$map must have exactly two properties")
	}
	n := mapNode{over: c.at(inOperator("$map"), o["$map"]), key: key, names: names}
	c.literal(n.over, "$map value must evaluate to an array or object")
	c.within(names, func() { n.each = c.at(inOperator(key), o[key]) })
	return n
}

type mapNode struct {
	over, each node
	key        string
	names      []string
}

func (n mapNode) render(r *run, s *scope) (any, error) {
	over, err := operand(r, s, n.over, "$map")
	if err != nil {
		return nil, err
	}
	switch over := over.(type) {
	case Unknown:
		return n.list(r, s, []any{over})
	case []any:
		return n.list(r, s, over)
	case map[string]any:
		return n.object(r, s, over)
	}
	return nil, templateError("$map value must evaluate to an array or object")
}

func (n mapNode) list(r *run, s *scope, items []any) (any, error) {
	list := make([]any, 0, len(items))
	for i, item := range items {
		v, err := operand(r, &scope{parent: s, names: n.names, values: [3]any{item, int64(i)}}, n.each, n.key)
		if err != nil {
			return nil, err
		}
		if v != deleted {
			list = append(list, v)
		}
	}
	return list, r.step(1)
}

func (n mapNode) object(r *run, s *scope, pairs map[string]any) (any, error) {
	m := make(map[string]any, len(pairs))
	for _, key := range sortedKeys(pairs) {
		turn := &scope{parent: s, names: n.names, values: [3]any{pairs[key], key}}
		if len(n.names) == 1 {
			turn.values[0] = map[string]any{"key": key, "val": pairs[key]}
		}
		v, err := operand(r, turn, n.each, n.key)
		if err != nil {
			return nil, err
		}
		if v == deleted {
			continue
		}
		made, ok := v.(map[string]any)
		if v == (Unknown{}) {
			return nil, errUnknown
		}
		if !ok {
			return nil, templateError("$map on objects expects %s to evaluate to an object", n.key)
		}
		for k, v := range made {
			m[k] = v
		}
	}
	return m, r.step(1)
}

// reduce is $reduce: one value out of a list, item by item.
func (c *compiler) reduce(o map[string]any) node {
	key, names := c.each(o, "$reduce", "each", 2, 3)
	initial, ok := o["initial"]
	switch {
	case !c.only(o, "$reduce", func(k string) bool { return k == key || k == "initial" }):
		return constant{}
	case key == "" || !ok:
		return c.problem(TemplateError, "$reduce must have exactly three properties")
	}
	n := reduceNode{over: c.at(inOperator("$reduce"), o["$reduce"]), initial: c.at(inOperator("initial"), initial), key: key, names: names}
	c.literal(n.over, "$reduce value must evaluate to an array")
	c.within(names, func() { n.each = c.at(inOperator(key), o[key]) })
	return n
}

type reduceNode struct {
	over, initial, each node
	key                 string
	names               []string
}

func (n reduceNode) render(r *run, s *scope) (any, error) {
	items, err := listOperand(r, s, n.over, "$reduce", "$reduce value must evaluate to an array")
	if err != nil {
		return nil, err
	}
	sum, err := operand(r, s, n.initial, "initial")
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		turn := &scope{parent: s, names: n.names, values: [3]any{sum, item, int64(i)}}
		v, err := operand(r, turn, n.each, n.key)
		if err != nil {
			return nil, err
		}
		if v != deleted {
			sum = v
		}
	}
	return sum, r.step(1)
}

// find is $find: the first item that an expression holds for. Without one the value is left out.
func (c *compiler) find(o map[string]any) node {
	key, names := c.each(o, "$find", "each", 1, 2)
	switch {
	case !c.only(o, "$find", func(k string) bool { return k == key }):
		return constant{}
	case key == "":
		return c.problem(TemplateError, "$find must have exactly two properties")
	}
	n := findNode{over: c.at(inOperator("$find"), o["$find"]), key: key, names: names}
	c.literal(n.over, "$find value must evaluate to an array")
	c.within(names, func() { n.each = c.code(key, o[key], "each can evaluate string expressions only") })
	return n
}

type findNode struct {
	over  node
	each  expr
	key   string
	names []string
}

func (n findNode) render(r *run, s *scope) (any, error) {
	items, err := listOperand(r, s, n.over, "$find", "$find value must evaluate to an array")
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		turn := &scope{parent: s, names: n.names, values: [3]any{item, int64(i)}}
		found, err := evaluated(r, turn, n.each, n.key)
		if err != nil {
			return nil, err
		}
		if r.holds(turn, n.each, found) {
			return item, nil
		}
	}
	return deleted, r.step(1)
}

// unsortable is the specification's message, with its slip of the pen.
const unsortable = "$sorted values to be sorted must have the same type"

// sort is $sort: a list of numbers, or of texts, or by what an expression makes of each item.
func (c *compiler) sort(o map[string]any) node {
	key, names := c.each(o, "$sort", "by", 1, 1)
	if !c.only(o, "$sort", func(k string) bool { return k == key }) {
		return constant{}
	}
	n := sortNode{over: c.at(inOperator("$sort"), o["$sort"]), key: key, names: names}
	c.literal(n.over, unsortable)
	if key != "" {
		c.within(names, func() { n.by = c.code(key, o[key], "by can evaluate string expressions only") })
	}
	return n
}

type sortNode struct {
	over  node
	by    expr
	key   string
	names []string
}

func (n sortNode) render(r *run, s *scope) (any, error) {
	items, err := listOperand(r, s, n.over, "$sort", unsortable)
	if err != nil {
		return nil, err
	}
	type ranked struct{ rank, item any }
	all := make([]ranked, len(items))
	for i, item := range items {
		rank := item
		if r.foresight != nil && holdsUnknown(item) {
			return items, nil
		}
		if n.by != nil {
			turn := &scope{parent: s, names: n.names, values: [3]any{item}}
			if rank, err = evaluated(r, turn, n.by, n.key); err != nil {
				return nil, err
			}
		}
		all[i] = ranked{rank: rank, item: item}
		// Numbers and texts have an order among themselves; comparing each with the first finds all others.
		if _, ok := compareValues(all[0].rank, rank); !ok {
			return nil, templateError(unsortable)
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		order, _ := compareValues(a.rank, b.rank)
		return order
	})
	sorted := make([]any, len(all))
	for i := range all {
		sorted[i] = all[i].item
	}
	return sorted, r.step(len(sorted))
}
