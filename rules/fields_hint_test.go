package rules

import "testing"

func TestWhatOthersCallAFieldLeadsToOneThatIsThere(t *testing.T) {
	for typ, names := range theirNames {
		for theirs, ours := range names {
			if fieldNamed(structs[typ], ours) == nil || fieldNamed(structs[typ], theirs) != nil {
				t.Errorf("%s.%s leads to %q", typ, theirs, ours)
			}
		}
	}
}
