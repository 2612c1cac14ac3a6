package ruleset

import (
	"reflect"
	"testing"
)

func TestPackedFilesComeBack(t *testing.T) {
	for _, b := range []bundle{{}, {"a/b.yaml": []byte("x: 1\n")}, {"<&\"ü.yaml": nil, "b": {0, 0xff}, "c": []byte("text")}} {
		body, err := pack(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(body)
		if err != nil || !reflect.DeepEqual(got, b) {
			t.Errorf("got %q, %v, want %q", got, err, b)
		}
	}
}
