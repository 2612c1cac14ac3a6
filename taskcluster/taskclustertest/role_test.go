package taskclustertest

import (
	"slices"
	"testing"
)

func TestRolesGiveWhatTheyAre(t *testing.T) {
	for _, c := range []struct {
		name  string
		roles map[string][]string
		have  []string
		want  []string
	}{
		{"by name", map[string][]string{"a": {"x"}, "b": {"y"}}, []string{"assume:a"}, []string{"assume:a", "x"}},
		{"through another", map[string][]string{"a": {"assume:b"}, "b": {"y"}}, []string{"assume:a"}, []string{"assume:a", "assume:b", "y"}},
		{"in a ring", map[string][]string{"a": {"assume:b"}, "b": {"assume:a"}}, []string{"assume:a"}, []string{"assume:a", "assume:b"}},
		{"by a star in the scope", map[string][]string{"p:a": {"x"}, "p:b": {"y"}, "q": {"z"}}, []string{"assume:p:*"}, []string{"assume:p:*", "x", "y"}},
		{"by a star in its name", map[string][]string{"p:*": {"x"}}, []string{"assume:p:a"}, []string{"assume:p:a", "x"}},
		{"what the star stands for", map[string][]string{"p:*": {"x:<..>/y"}}, []string{"assume:p:a"}, []string{"assume:p:a", "x:a/y"}},
		{"a star for a star", map[string][]string{"p:*": {"x:<..>/y"}}, []string{"assume:p:a*"}, []string{"assume:p:a*", "x:a*"}},
		{"a star for all of it", map[string][]string{"p:*": {"x:<..>/y"}}, []string{"assume:*"}, []string{"assume:*", "x:*"}},
		{"not by half a name", map[string][]string{"ab": {"x"}}, []string{"assume:a"}, []string{"assume:a"}},
		{"without what others cover", map[string][]string{"a": {"x:*", "x:y"}}, []string{"assume:a", "x:z"}, []string{"assume:a", "x:*"}},
		{"everything", map[string][]string{"a": {"x"}}, []string{"*"}, []string{"*"}},
	} {
		s := &Server{roles: map[string]*role{}}
		for id, scopes := range c.roles {
			s.roles[id] = &role{id: id, scopes: scopes}
		}
		if got := s.expandOnly(c.have); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q with %q is %q, want %q", c.name, c.have, c.roles, got, c.want)
		}
	}
}

func TestRolesThatGrowByThemselvesEnd(t *testing.T) {
	s := &Server{roles: map[string]*role{"a*": {id: "a*", scopes: []string{"assume:ab<..>c"}}}}
	if got := s.expandOnly([]string{"assume:ax"}); len(got) < 2 {
		t.Errorf("expanded to %d scopes", len(got))
	}
}
