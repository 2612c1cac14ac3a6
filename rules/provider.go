package rules

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// provider tells CEL of the types in the table structs. Its values are the decoded maps themselves: a field is
// there when its key is. (CEL's NativeTypes won't do: for them 0 and "" are absent.)
type provider struct {
	types.Provider
	fields map[string]map[string]*types.FieldType
	table  map[string][]Field
}

func newProvider(base types.Provider, table map[string][]Field) *provider {
	p := &provider{Provider: base, fields: map[string]map[string]*types.FieldType{}, table: table}
	for name, fields := range table {
		of := make(map[string]*types.FieldType, len(fields))
		for _, f := range fields {
			of[f.Name] = fieldType(f)
		}
		p.fields[typePrefix+name] = of
	}
	return p
}

// FindStructType knows the types of the table.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames lists a type's fields.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if ours, ok := strings.CutPrefix(name, typePrefix); ok {
		return fieldNames(p.table[ours]), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType finds a field.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if fields, ok := p.fields[name]; ok {
		f, ok := fields[field]
		return f, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}

func celType(text string) *types.Type {
	if inner, ok := strings.CutPrefix(text, "list<"); ok {
		return types.NewListType(celType(strings.TrimSuffix(inner, ">")))
	}
	switch text {
	case "string":
		return types.StringType
	case "int":
		return types.IntType
	case "bool":
		return types.BoolType
	case "timestamp":
		return types.TimestampType
	case "dyn":
		return types.DynType
	case "map<string>":
		return types.NewMapType(types.StringType, types.StringType)
	}
	return types.NewObjectType(typePrefix + text)
}

// typePrefix keeps the names of our types apart from those that a rule can write.
const typePrefix = "fact."

var errAbsent = errors.New("it is not there")

func fieldType(f Field) *types.FieldType {
	name, free := f.Name, f.Type == "map<string>"
	return &types.FieldType{
		Type: celType(f.Type),
		IsSet: func(target any) bool {
			m, _ := target.(map[string]any)
			v, ok := m[name]
			return ok && v != nil
		},
		GetFrom: func(target any) (any, error) {
			m, ok := target.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("%s of %T", name, target)
			}
			v, ok := m[name]
			if free {
				tags, _ := v.(map[string]any)
				return freeMap{tags}, nil
			}
			if !ok || v == nil {
				return nil, fmt.Errorf("%s: %w", name, errAbsent)
			}
			if text, isText := v.(string); isText && f.Type == "timestamp" { // in a payload, as sent
				return time.Parse(time.RFC3339, text)
			}
			return v, nil
		},
	}
}

// freeMap is a map of texts with free keys: one that is absent reads as "". It is deliberately no
// traits.Mapper, since CEL takes what a Mapper doesn't find for an error.
type freeMap struct{ entries map[string]any }

var _ interface {
	ref.Val
	traits.Indexer
	traits.Container
	traits.FieldTester
	traits.Iterable
	traits.Sizer
} = freeMap{}

var freeMapType = types.NewMapType(types.StringType, types.StringType)

// Get gives a key's text.
func (m freeMap) Get(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	switch v := m.entries[string(name)].(type) {
	case nil:
		return types.String("")
	case string:
		return types.String(v)
	default:
		return types.NewErr("%s is a %T, not a text", name, v)
	}
}

// IsSet says whether a key is there.
func (m freeMap) IsSet(key ref.Val) ref.Val { return m.Contains(key) }

// Contains says whether a key is there.
func (m freeMap) Contains(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	_, ok = m.entries[string(name)]
	return types.Bool(ok)
}

// Iterator goes through the keys.
func (m freeMap) Iterator() traits.Iterator {
	return types.DefaultTypeAdapter.NativeToValue(m.entries).(traits.Iterable).Iterator()
}

// Size is how many keys there are.
func (m freeMap) Size() ref.Val { return types.Int(len(m.entries)) }

// Equal compares with another map.
func (m freeMap) Equal(other ref.Val) ref.Val {
	if o, ok := other.(freeMap); ok {
		other = types.DefaultTypeAdapter.NativeToValue(o.entries)
	}
	return types.DefaultTypeAdapter.NativeToValue(m.entries).Equal(other)
}

// ConvertToNative gives the Go map.
func (m freeMap) ConvertToNative(t reflect.Type) (any, error) {
	if t.Kind() == reflect.Interface || t == reflect.TypeFor[map[string]any]() {
		return m.entries, nil
	}
	return types.DefaultTypeAdapter.NativeToValue(m.entries).ConvertToNative(t)
}

// ConvertToType knows only its own type.
func (m freeMap) ConvertToType(t ref.Type) ref.Val {
	if t.TypeName() == freeMapType.TypeName() {
		return m
	}
	return types.NewErr("a map of texts is no %s", t.TypeName())
}

// Type is a map of texts.
func (m freeMap) Type() ref.Type { return freeMapType }

// Value is the Go map.
func (m freeMap) Value() any { return m.entries }

// sharedEnv is the environment of all conditions, extended where a rule has a `let`. It doesn't change, so all sets
// share it.
var sharedEnv = sync.OnceValues(func() (*cel.Env, error) { return newEnv(nil, dyn) })

// eventEnvs are the environments in which `event` has a type: one for each word of Gerrit's, and for each type of
// message, that rules use.
var eventEnvs struct {
	sync.Mutex
	made map[eventOf]*cel.Env
}

type eventOf struct {
	messages *Messages
	event    string
}

// eventEnv is sharedEnv with an `event` of the given type.
func eventEnv(messages *Messages, event string) (*cel.Env, error) {
	if structs[event] != nil {
		messages = nil
	}
	key := eventOf{messages, event}
	eventEnvs.Lock()
	defer eventEnvs.Unlock()
	if env, ok := eventEnvs.made[key]; ok {
		return env, nil
	}
	env, err := newEnv(messages, event)
	if err != nil {
		return nil, err
	}
	if eventEnvs.made == nil {
		eventEnvs.made = map[eventOf]*cel.Env{}
	}
	eventEnvs.made[key] = env
	return env, nil
}

func newEnv(messages *Messages, event string) (*cel.Env, error) {
	registry, err := types.NewRegistry(types.OptionalType)
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.OptionalTypes(),
		cel.CustomTypeProvider(newProvider(registry, messages.types())), // after the option that adds types to the one it finds
		cel.CustomTypeAdapter(registry),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(maxNesting),
		cel.RegexProgramSizeLimit(maxRegexp),
	}
	for _, f := range facts {
		if f.Name == "event" {
			f.Type = event
		}
		options = append(options, cel.Variable(f.Name, celType(f.Type)))
	}
	return cel.NewEnv(slices.Concat(options, artifactFunctions(), functions())...)
}
