package union_test

import (
	"strings"
	"testing"

	"verdict/taskcluster/api/internal/union"
)

type cat struct {
	Kind  string `json:"kind"`
	Lives int    `json:"lives"`
}

func TestReadTellsFormsApart(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind":"cat","lives":9}`:   "",
		`{"kind":"dog","lives":1}`:   `its kind isn't "cat"`,
		`{"kind":1,"lives":1}`:       `its kind isn't "cat"`,
		`{"kind":"cat"}`:             "it has no lives",
		`"cat"`:                      "read as *union_test.cat",
		``:                           "read as *union_test.cat",
		`{"kind":"cat","lives":"9"}`: "read as *union_test.cat",
	} {
		var c cat
		err := union.Read([]byte(text), &c, "kind=cat", "lives")
		switch {
		case want == "" && (err != nil || c.Lives != 9):
			t.Errorf("%s is read as %+v, %v", text, c, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: the error is %v, want one with %q", text, err, want)
		}
	}
	var word string
	if err := union.Read([]byte(`"cat"`), &word); err != nil || word != "cat" {
		t.Errorf("text is read as %q, %v", word, err)
	}
}

// FuzzRead: whatever is read has what was asked for.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"kind":"cat","lives":9}`))
	f.Add([]byte(`{"kind":"cat","Kind":"dog","lives":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c map[string]any
		if union.Read(text, &c, "kind=cat", "lives") != nil {
			return
		}
		if _, there := c["lives"]; c["kind"] != "cat" || !there {
			t.Errorf("%s is read as %v", text, c)
		}
	})
}
