package rules

import "testing"

func TestPatternMatches(t *testing.T) {
	tests := []struct {
		glob, text string
		want       bool
	}{
		{"main", "main", true},
		{"main", "maine", false},
		{"release/*", "release/1.0", true},
		{"release/*", "release/1/0", false},
		{"release/*", "release/", true},
		{"release/*", "release", false},
		{"platform/gfx/**", "platform/gfx/a", true},
		{"platform/gfx/**", "platform/gfx/a/b", true},
		{"platform/gfx/**", "platform/gfxx", false},
		{"**/*.md", "README.md", true},
		{"**/*.md", "docs/a/b.md", true},
		{"**/*.md", "docs/a/b.mdx", false},
		{"**", "", true},
		{"**", "a/b/c", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**/z", "a/b/c/y", false},
		{"a/**/b/**/c", "a/x/b/y/z/c", true},
		{"a/**/b/**/c", "a/x/b/y/z/d", false},
		{"*", "x", true},
		{"*", "x/y", false},
		{"ci-*", "ci-", true},
		{"ci-?", "ci-1", true},
		{"ci-?", "ci-", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
		{"a/*", "a", false},
		{"a", "a/b", false},
		{"a/b", "a", false},
		{"**/a", "b", false},
	}
	for _, test := range tests {
		p, err := newPattern(test.glob)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match(test.text); got != test.want {
			t.Errorf("%q against %q: %v, want %v", test.glob, test.text, got, test.want)
		}
	}
}

func TestPatternWithin(t *testing.T) {
	tests := []struct {
		granted, wanted string
		want            bool
	}{
		{"platform/gfx/**", "platform/gfx/a", true},
		{"platform/gfx/**", "platform/gfx/a/*", true},
		{"platform/gfx/**", "platform/gfx/**", true},
		{"platform/gfx/**", "platform/**", false},
		{"platform/*", "platform/g*", true},
		{"platform/*", "platform/**", false},
		{"platform/?", "platform/*", false},
		{"**", "anything/**", true},
		{"platform/gfx", "platform/gfx/**", false},
		{"release/*", "*/x", false},
	}
	for _, test := range tests {
		granted, err1 := newPattern(test.granted)
		wanted, err2 := newPattern(test.wanted)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := granted.within(wanted); got != test.want {
			t.Errorf("%q within %q: %v, want %v", test.wanted, test.granted, got, test.want)
		}
	}
}

func TestPatternRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, text := range []string{"", "!", "a**", "a/**b", "{a,b}", "[ab]", `a\*`} {
		if _, err := newPattern(text); err == nil {
			t.Errorf("%q was taken as a pattern", text)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("a/**/b*", "a/x/bc")
	f.Add("**/**/**/x", "a/b/c/d")
	f.Fuzz(func(t *testing.T, glob, text string) {
		p, err := newPattern(glob)
		if err != nil {
			return
		}
		p.match(text)
		if p.exact != (p.match(p.text) && p.exact) {
			t.Errorf("%q does not match itself", glob)
		}
	})
}

func TestFitsPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		fits          bool
	}{
		{"platform/gfx", "platform/gfx", true}, {"platform/gfx", "platform/gfx2", false},
		{"platform/**", "platform/a/b", true}, {"platform/**", "platform", true}, {"platform/**", "platforms", false},
		{"platform/*", "platform/a/b", false}, {"**/tools", "infra/tools", true}, {"lib?", "lib1", true},
		{"!platform/*", "platform/a", false}, {"!platform/*", "infra", true}, {"a**", "a1", false}, {"", "", false},
	} {
		if got := FitsPattern(test.pattern, test.name); got != test.fits {
			t.Errorf("%q fits %q: got %v, want %v", test.name, test.pattern, got, test.fits)
		}
	}
}
