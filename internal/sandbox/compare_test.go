package sandbox

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCompareTellsWhatIsLostAndWhatIsDuplicated(t *testing.T) {
	on1 := func(e Effects) Effects { return e.on(1) }
	for name, c := range map[string]struct {
		ought, seen      Effects
		lost, duplicated string
	}{
		"nothing":                     {},
		"all as it ought to be":       {ought: on1(Effects{Votes: verified(-1, 0, 1), Messages: says("a failed"), Tasks: builds}), seen: on1(Effects{Votes: verified(-1, 0, 1), Messages: says("a failed: exit 1\nlog"), Tasks: tasks("shaders-windows", "shaders-linux")})},
		"a vote is missing":           {ought: on1(Effects{Votes: verified(-1, 1)}), seen: on1(Effects{Votes: verified(-1)}), lost: "vote Verified +1 on patch set 1"},
		"a vote too many":             {ought: on1(Effects{Votes: verified(1)}), seen: on1(Effects{Votes: verified(-1, 1)}), duplicated: "vote Verified -1 on patch set 1"},
		"votes in another order":      {ought: on1(Effects{Votes: verified(-1, 1)}), seen: on1(Effects{Votes: verified(1, -1)}), lost: "vote Verified -1 on patch set 1", duplicated: "vote Verified -1 on patch set 1"},
		"a vote that may be":          {ought: on1(Effects{Votes: maybe(0, verified(1)...)}), seen: on1(Effects{Votes: verified(1)})},
		"and is":                      {ought: on1(Effects{Votes: maybe(0, verified(1)...)}), seen: on1(Effects{Votes: verified(0, 1)})},
		"but not twice":               {ought: on1(Effects{Votes: maybe(0, verified(1)...)}), seen: on1(Effects{Votes: verified(0, 1, 0, 1)}), duplicated: "vote Verified 0 on patch set 1; vote Verified +1 on patch set 1"},
		"a vote on another one":       {ought: on1(Effects{Votes: verified(1)}), seen: Effects{Votes: verified(1)}.on(2), lost: "vote Verified +1 on patch set 1", duplicated: "vote Verified +1 on patch set 2"},
		"a message twice":             {ought: on1(Effects{Messages: says("a")}), seen: on1(Effects{Messages: says("a", "a")}), duplicated: `message "a" on patch set 1`},
		"another message":             {ought: on1(Effects{Messages: says("a")}), seen: on1(Effects{Messages: says("b")}), lost: `message "a" on patch set 1`, duplicated: `message "b" on patch set 1`},
		"a message that begins alike": {ought: on1(Effects{Messages: says("a", "ab")}), seen: on1(Effects{Messages: says("abc", "ac")})},
		"a task twice":                {ought: on1(Effects{Tasks: tasks("lint")}), seen: on1(Effects{Tasks: tasks("lint", "lint")}), duplicated: "task lint for patch set 1"},
		"a task too few":              {ought: on1(Effects{Tasks: builds}), seen: on1(Effects{Tasks: tasks("shaders-linux")}), lost: "task shaders-windows for patch set 1"},
		"hashtags one by one":         {ought: Effects{Hashtags: []string{"+b", "+a", "-b"}}, seen: Effects{Hashtags: []string{"+a", "+b", "-b"}}},
		"a hashtag taken too soon":    {ought: Effects{Hashtags: []string{"+b", "-b"}}, seen: Effects{Hashtags: []string{"-b", "+b"}}, lost: "hashtag +b", duplicated: "hashtag +b"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Compare(c.ought, c.seen)
			if got := strings.Join(d.Lost, "; "); got != c.lost {
				t.Errorf("lost: got %q, want %q", got, c.lost)
			}
			if got := strings.Join(d.Duplicated, "; "); got != c.duplicated {
				t.Errorf("duplicated: got %q, want %q", got, c.duplicated)
			}
			if d.None() != (c.lost == "" && c.duplicated == "") {
				t.Errorf("None is %t of %+v", d.None(), d)
			}
		})
	}
}

// Whatever a bot does, one effect less is one lost, and one more is one duplicated.
func TestCompareCountsEachEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ought := Effects{
			Votes:    verified(rapid.SliceOfN(rapid.IntRange(-1, 1), 0, 6).Draw(t, "votes")...),
			Messages: says(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 6).Draw(t, "messages")...),
			Hashtags: rapid.SliceOfN(rapid.SampledFrom([]string{"+a", "-a", "+b"}), 0, 6).Draw(t, "hashtags"),
		}.on(1)
		if d := Compare(ought, ought); !d.None() {
			t.Fatalf("%+v differs from itself: %+v", ought, d)
		}
		less := Effects{}.and(ought)
		switch {
		case len(less.Votes) > 0:
			i := rapid.IntRange(0, len(less.Votes)-1).Draw(t, "vote")
			less.Votes = slices.Delete(less.Votes, i, i+1)
		case len(less.Messages) > 0:
			i := rapid.IntRange(0, len(less.Messages)-1).Draw(t, "message")
			less.Messages = slices.Delete(less.Messages, i, i+1)
		case len(less.Hashtags) > 0:
			i := rapid.IntRange(0, len(less.Hashtags)-1).Draw(t, "hashtag")
			less.Hashtags = slices.Delete(less.Hashtags, i, i+1)
		default:
			return
		}
		if d := Compare(ought, less); len(d.Lost) != 1 || len(d.Duplicated) != 0 {
			t.Fatalf("%+v ought to be, %+v was seen: %+v", ought, less, d)
		}
		if d := Compare(less, ought); len(d.Lost) != 0 || len(d.Duplicated) != 1 {
			t.Fatalf("%+v ought to be, %+v was seen: %+v", less, ought, d)
		}
	})
}
