package rules

// Field is one field of a fact, or a fact itself.
type Field struct {
	Name string
	// Type is string, int, bool, timestamp, dyn, a type of Types, list<…> of one of these, or map<string>: free
	// keys, where an absent one reads as "".
	Type string
	// Values are all that a string can be, where that is a closed list.
	Values []string
	// Unit is the unit of a number, where it has one.
	Unit string
	// Absent says when there is none; empty: it is always there.
	Absent string
	// Outsider says whether somebody outside the team can write it.
	Outsider bool
	// About is what it is.
	About string
}
