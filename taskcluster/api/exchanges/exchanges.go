// Package exchanges says what Taskcluster's services publish on pulse: their
// exchanges, the fields of the routing keys, and the types of the messages. It
// is data and no more; the packages of events have the same as Go types.
package exchanges

import (
	"slices"
	"strings"
)

// Exchange is one exchange.
type Exchange struct {
	// Name is the short name: queue/task-failed.
	Name string
	// FullName is the name at the broker: exchange/taskcluster-queue/v1/task-failed.
	FullName string
	// RoutingKey are the fields of the routing key, in their order.
	RoutingKey []Word
	// Message is the type of the body.
	Message *Type
}

// Word is one field of a routing key.
type Word struct {
	Name string
	// Required says that it is never "_", which stands for nothing.
	Required bool
	// MultipleWords says that it may be any number of words.
	MultipleWords bool
	// Constant is what it always is; "": it varies.
	Constant string
}

// Kind is what a type is made of.
type Kind uint8

// The kinds of types.
const (
	Any     Kind = iota // anything: a schema says no more, or it has several forms
	String              // text
	Time                // a date-time
	Integer             // a whole number
	Number              // any number
	Bool                // true or false
	List                // of Elem
	Map                 // of text to Elem
	Struct              // an object with Fields
)

// Type is the type of a value in a message. It is not to be changed.
type Type struct {
	Kind Kind
	// Format is a text's: uri, email and the like.
	Format string
	// Values are all that a text may be; nil: anything.
	Values []string
	// Elem is what a list or map holds.
	Elem *Type
	// Fields are an object's, by name.
	Fields []Field
	// Open says that an object may have fields beside those.
	Open bool
	// Nullable says that null stands for nothing.
	Nullable bool
	// Forms are the types that a value of kind Any may have, where they are known.
	Forms []*Type
}

// Field is one field of an object.
type Field struct {
	Name string
	// Optional says that it may be absent.
	Optional bool
	Type     *Type
}

// Find is today's exchange of a name, short or full.
func Find(name string) (*Exchange, bool) {
	for i := range All {
		if All[i].Name == name || All[i].FullName == name {
			return &All[i], true
		}
	}
	return nil, false
}

// Field is a field of an object.
func (t *Type) Field(name string) (*Field, bool) {
	i, ok := slices.BinarySearchFunc(t.Fields, name, func(f Field, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil, false
	}
	return &t.Fields[i], true
}
