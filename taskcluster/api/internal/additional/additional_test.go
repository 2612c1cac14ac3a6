package additional_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"verdict/taskcluster/api/internal/additional"
)

// animal is as generated types are: its own methods, and a plain type within.
type animal struct {
	Name       string                     `json:"name"`
	Legs       *int64                     `json:"legs,omitzero"`
	Additional map[string]json.RawMessage `json:"-"`
}

func (x animal) MarshalJSON() ([]byte, error) {
	type plain animal
	return additional.Marshal(plain(x), x.Additional)
}

func (x *animal) UnmarshalJSON(data []byte) (err error) {
	type plain animal
	x.Additional, err = additional.Unmarshal(data, (*plain)(x))
	return err
}

func TestWhatIsReadIsWritten(t *testing.T) {
	for text, kept := range map[string]int{
		`{"name":"cat"}`:                     0,
		`{"name":"fish","legs":0}`:           0,
		`{"legs":null,"name":"snake"}`:       1,
		`{"a":[1,{"b":2}],"name":"","z":{}}`: 2,
	} {
		var x animal
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			t.Fatal(err)
		}
		if len(x.Additional) != kept {
			t.Errorf("%s: %v is kept beside the fields, want %d", text, x.Additional, kept)
		}
		if again, err := json.Marshal(x); err != nil || string(again) != text {
			t.Errorf("%s is written as %s, %v", text, again, err)
		}
	}
}

func TestFieldsWin(t *testing.T) {
	x := animal{Name: "cat", Additional: map[string]json.RawMessage{"name": json.RawMessage(`"dog"`), "fur": json.RawMessage(`true`)}}
	if text, err := json.Marshal(x); err != nil || string(text) != `{"fur":true,"name":"cat"}` {
		t.Errorf("written as %s, %v; want a cat with fur", text, err)
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	for _, text := range []string{`[1]`, `"a"`, `{"name":1}`} {
		var x animal
		if err := json.Unmarshal([]byte(text), &x); err == nil {
			t.Errorf("%s is read as %+v, want an error", text, x)
		}
	}
}

// FuzzUnmarshal: what was read once stays the same however often it is written
// and read.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"name":"cat","legs":4,"fur":true,"x":null}`))
	f.Add([]byte(`{"NAME":"cat","legs":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second animal
		if json.Unmarshal(text, &first) != nil {
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("%s isn't written again: %v", text, err)
		}
		if err := json.Unmarshal(written, &second); err != nil {
			t.Fatalf("%s is written as %s: %v", text, written, err)
		}
		again, err := json.Marshal(second)
		if err != nil || !bytes.Equal(again, written) || !reflect.DeepEqual(first.Legs, second.Legs) {
			t.Errorf("%s is written as %s, then as %s, %v", text, written, again, err)
		}
	})
}
