package jsone

import "math"

// unary is a sign before a value.
type unary struct {
	operator string
	of       expr
}

func (e unary) eval(r *run, s *scope) (any, error) {
	v, err := e.of.eval(r, s)
	if err != nil {
		return nil, err
	}
	if e.operator == "!" {
		return !truthy(v), r.step(1)
	}
	f, ok := number(v)
	if !ok {
		return nil, interpreterError("unary %s expects number", e.operator)
	}
	if e.operator == "+" {
		return v, r.step(1)
	}
	if i, ok := v.(int64); ok && i != math.MinInt64 {
		return -i, r.step(1)
	}
	return computed(-f), r.step(1)
}

// binary is an operator between two values. The right one of && and || is left alone where the left one settles it.
type binary struct {
	operator    string
	left, right expr
}

func (e binary) eval(r *run, s *scope) (any, error) {
	left, err := e.left.eval(r, s)
	if err != nil {
		return nil, err
	}
	if e.operator == "&&" && !truthy(left) || e.operator == "||" && truthy(left) {
		return e.operator == "||", nil
	}
	right, err := e.right.eval(r, s)
	if err != nil {
		return nil, err
	}
	if err := r.step(1); err != nil {
		return nil, err
	}
	switch e.operator {
	case "&&", "||":
		return truthy(right), nil
	case "==", "!=":
		same, err := r.equal(left, right, 0)
		return same == (e.operator == "=="), err
	case "<", ">", "<=", ">=":
		return e.compare(left, right)
	case "in":
		return r.contains(right, left)
	case "+":
		if a, ok := left.(string); ok {
			if b, ok := right.(string); ok {
				return a + b, r.write(len(a) + len(b))
			}
		}
	}
	return e.arithmetic(left, right)
}

func (e binary) arithmetic(left, right any) (any, error) {
	a, ok := number(left)
	b, ok2 := number(right)
	switch {
	case (!ok || !ok2) && e.operator == "+":
		return nil, interpreterError("infix: + expects numbers/strings + numbers/strings")
	case !ok || !ok2:
		return nil, interpreterError("infix: %s expects number %s number", e.operator, e.operator)
	case e.operator == "/" && b == 0:
		return nil, interpreterError("division by zero")
	}
	if i, ok := left.(int64); ok {
		if j, ok := right.(int64); ok {
			if exact, ok := wholeArithmetic(e.operator, i, j); ok {
				return exact, nil
			}
		}
	}
	f := floatArithmetic(e.operator, a, b)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, interpreterError("infix: %s has no finite result", e.operator)
	}
	return computed(f), nil
}

// wholeArithmetic computes with integers where that is exact; ids and times in milliseconds stay what they are.
func wholeArithmetic(operator string, a, b int64) (int64, bool) {
	switch operator {
	case "+":
		sum := a + b
		return sum, (sum > a) == (b > 0)
	case "-":
		difference := a - b
		return difference, (difference < a) == (b > 0)
	case "*":
		if a == 0 || b == 0 {
			return 0, true
		}
		product := a * b
		return product, product/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
	case "/":
		return a / b, a%b == 0 && !(a == math.MinInt64 && b == -1)
	}
	return 0, false
}

func floatArithmetic(operator string, a, b float64) float64 {
	switch operator {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	default:
		return math.Pow(a, b)
	}
}
