package scopes

import (
	"encoding/json"
	"errors"
	"fmt"
)

// fields are those at the top of a JSON object. Their names are told apart by
// case, as the services do.
type fields map[string]json.RawMessage

// object reads a JSON object. None at all is one without fields.
func object(data json.RawMessage) (fields, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, errors.New("it is no JSON object") // the error of json would quote it
	}
	return f, nil
}

// text is a field that is a text; false if it is absent.
func (f fields) text(name string) (string, bool, error) {
	var text *string
	if err := f.read(name, &text); err != nil || text == nil {
		return "", false, err
	}
	return *text, true, nil
}

// list is a field that is a list of texts, empty if it is absent.
func (f fields) list(name string) ([]string, error) {
	var items []*string
	if err := f.read(name, &items); err != nil {
		return nil, err
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		if item == nil {
			return nil, fmt.Errorf("%s has null in it", name)
		}
		list = append(list, *item)
	}
	return list, nil
}

func (f fields) yes(name string) (bool, error) {
	var yes *bool
	if err := f.read(name, &yes); err != nil {
		return false, err
	}
	if yes == nil {
		return false, &ParamError{Param: name, Reason: "the payload has no field of that name"}
	}
	return *yes, nil
}

func (f fields) read(name string, v any) error {
	raw, ok := f[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s has another type than it ought to have", name)
	}
	return nil
}
