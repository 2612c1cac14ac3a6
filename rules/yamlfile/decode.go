package yamlfile

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Decoder is implemented, on the pointer, by types that read themselves from a node.
type Decoder interface {
	DecodeNode(n *Node) []Problem
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[*Node]()
	decoderType  = reflect.TypeFor[Decoder]()
)

// Decode fills the value that into points to, and reports all that doesn't fit at once. What stands in the value
// already is the default: a key that isn't written leaves it.
//
// A struct's fields are named by their tag, `yaml:"name"`; `yaml:"name,required"` ones must be there;
// `yaml:",inline"` takes a struct's fields in; a field without a tag isn't read. An unknown key is a problem that
// names the nearest known one, and so is a key without a value. A time.Duration is read by ParseDuration. A text
// is whatever is written, 1.10 and yes too. A *Node is kept as it is, and a Decoder reads itself. An any becomes
// what Node.Value makes of it. A map's entries are decoded into new values, a list replaces the old one.
func Decode(n *Node, into any) []Problem {
	if n == nil {
		return nil
	}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("yamlfile.Decode into %T, which is no pointer", into))
	}
	d := decodeState{}
	d.value(n, v.Elem())
	return d.problems
}

type decodeState struct{ problems []Problem }

func (d *decodeState) report(n *Node, message, hint string) {
	d.problems = append(d.problems, n.Problem(message, hint))
}

func (d *decodeState) wrong(n *Node, want string) {
	got := n.Kind.String()
	if n.Kind != Mapping && n.Kind != Sequence && n.Kind != Null {
		got += fmt.Sprintf(" (%s)", n.Text)
	}
	d.report(n, fmt.Sprintf("%s is wanted here, not %s", want, got), "")
}

func (d *decodeState) value(n *Node, v reflect.Value) {
	switch {
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(n))
		return
	case v.CanAddr() && v.Addr().Type().Implements(decoderType):
		d.problems = append(d.problems, v.Addr().Interface().(Decoder).DecodeNode(n)...)
		return
	case v.Kind() == reflect.Interface && v.NumMethod() == 0:
		value, problems := n.Value()
		d.problems = append(d.problems, problems...)
		if value != nil {
			v.Set(reflect.ValueOf(value))
		}
		return
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem())
		return
	case n.Kind == Null:
		d.report(n, "no value is written here", "write one, or take the key away")
		return
	case v.Type() == durationType:
		d.duration(n, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Array:
		d.array(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decodeState) scalar(n *Node, v reflect.Value) {
	isScalar := n.Kind != Mapping && n.Kind != Sequence
	switch v.Kind() {
	case reflect.String:
		if !isScalar {
			d.wrong(n, "a text")
			return
		}
		v.SetString(n.Text)
	case reflect.Bool:
		if n.Kind != Bool || (n.Text != "true" && n.Text != "false") {
			d.wrong(n, "true or false")
			return
		}
		v.SetBool(n.Text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.Text, 10, 64)
		if n.Kind != Int || err != nil || v.OverflowInt(i) || !plainNumber(n.Text) {
			d.wrong(n, "a whole number")
			return
		}
		v.SetInt(i)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.Text, 64)
		if (n.Kind != Float && n.Kind != Int) || err != nil || !decimal.MatchString(n.Text) {
			d.wrong(n, "a number")
			return
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("yamlfile.Decode can't fill a %s", v.Type()))
	}
}

func (d *decodeState) duration(n *Node, v reflect.Value) {
	if n.Kind == Mapping || n.Kind == Sequence {
		d.wrong(n, "a duration (90s, 24h, 30 days)")
		return
	}
	duration, err := ParseDuration(n.Text)
	if err != nil {
		d.report(n, err.Error(), "")
		return
	}
	v.SetInt(int64(duration))
}

func (d *decodeState) list(n *Node, v reflect.Value) {
	if n.Kind != Sequence {
		d.wrong(n, "a list")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		d.value(item, list.Index(i))
	}
	v.Set(list)
}

func (d *decodeState) array(n *Node, v reflect.Value) {
	if n.Kind != Sequence || len(n.Items) != v.Len() {
		d.wrong(n, fmt.Sprintf("a list of %d", v.Len()))
		return
	}
	for i, item := range n.Items {
		d.value(item, v.Index(i))
	}
}

func (d *decodeState) mapping(n *Node, v reflect.Value) {
	if n.Kind != Mapping {
		d.wrong(n, "a mapping")
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Entries)))
	}
	for _, e := range n.Entries {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(e.Value, element)
		v.SetMapIndex(reflect.ValueOf(e.Key.Text).Convert(v.Type().Key()), element)
	}
}

func (d *decodeState) structure(n *Node, v reflect.Value) {
	if n.Kind != Mapping {
		d.wrong(n, "a mapping")
		return
	}
	fields := fieldsOf(v)
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	var meant []string // by keys that aren't known: told once
	for _, e := range n.Entries {
		f, ok := find(fields, e.Key.Text)
		if !ok {
			d.report(e.Key, fmt.Sprintf("no key %q here", e.Key.Text), DidYouMean(e.Key.Text, names))
			meant = append(meant, Nearest(e.Key.Text, names))
			continue
		}
		d.value(e.Value, f.value)
	}
	for _, f := range fields {
		if f.required && n.Key(f.name) == nil && !slices.Contains(meant, f.name) {
			d.report(n, fmt.Sprintf("the key %q is missing", f.name), "")
		}
	}
}

type field struct {
	name     string
	required bool
	value    reflect.Value
}

func find(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func fieldsOf(v reflect.Value) []field {
	var fields []field
	for i := range v.NumField() {
		tag, ok := v.Type().Field(i).Tag.Lookup("yaml")
		if !ok || !v.Type().Field(i).IsExported() {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		if option == "inline" {
			fields = append(fields, fieldsOf(v.Field(i))...)
			continue
		}
		fields = append(fields, field{name: name, required: option == "required", value: v.Field(i)})
	}
	return fields
}
