package scopes

// Expression says which scopes a method needs, in the form that references have.
// Exactly one of its forms is set: Scope; AllOf; AnyOf; For with In and Each; If
// with Then and perhaps Else. An empty AllOf, which is a list of none and not
// nil, needs nothing; an empty AnyOf is never satisfied.
type Expression struct {
	Scope string       // a scope in which <name> stands for a parameter
	AllOf []Expression // each of them
	AnyOf []Expression // one of them

	// For is the name that each value of the list parameter In has within Each.
	// What comes of it stands in the place of the expression in its AllOf or AnyOf.
	For, In string
	Each    *Expression

	// If names a parameter that is true or false. Without Else, what is false
	// asks for nothing, and is no alternative of an AnyOf.
	If         string
	Then, Else *Expression
}
