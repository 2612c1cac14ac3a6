package deliver

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"verdict/internal/store"
)

// Rules know each other's opinions only through what stands, so the order in which events arrive has no part
// in the vote: for every order of the same news, each label shows the same.
func TestLabelsAreTheSameInEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opinions := rapid.SliceOfN(anOpinion(), 0, 8).Draw(t, "opinions")
		shuffled := rapid.Permutation(opinions).Draw(t, "shuffled")
		for label, s := range Labels(opinions, "sha1") {
			checkShown(t, opinions, label, s.Value)
		}
		got, want := Labels(shuffled, "sha1"), Labels(opinions, "sha1")
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for label, w := range want {
			if got[label] != w {
				t.Errorf("%s: got %+v, want %+v, from %+v", label, got[label], w, opinions)
			}
		}
	})
}

// checkShown says the rule in other words: what is negative shows; what is positive only where nothing waits.
func checkShown(t *rapid.T, opinions []store.Opinion, label string, shown int) {
	var values []int
	waits := false
	for _, o := range opinions {
		if o.Kind == store.OpinionLabel && o.Revision == "sha1" && o.Target == label && o.Stands {
			values, waits = append(values, o.Value), waits || o.Waits
		}
	}
	want := 0
	switch {
	case len(values) == 0:
	case slices.Min(values) < 0:
		want = slices.Min(values)
	case !waits:
		want = slices.Max(values)
	}
	if shown != want {
		t.Errorf("%s shows %d, want %d, of %+v", label, shown, want, opinions)
	}
}

func anOpinion() *rapid.Generator[store.Opinion] {
	return rapid.Custom(func(t *rapid.T) store.Opinion {
		return store.Opinion{
			Revision: rapid.SampledFrom([]string{"sha1", "sha2"}).Draw(t, "revision"),
			Kind:     rapid.SampledFrom([]store.OpinionKind{store.OpinionLabel, store.OpinionHashtag}).Draw(t, "kind"),
			Target:   rapid.SampledFrom([]string{"Verified", "Code-Review"}).Draw(t, "label"),
			Team:     rapid.SampledFrom([]string{"a", "b"}).Draw(t, "team"),
			Rule:     rapid.SampledFrom([]string{"x", "y"}).Draw(t, "rule"),
			About:    rapid.SampledFrom([]string{"change", "task:build", "group"}).Draw(t, "about"),
			Waits:    rapid.Bool().Draw(t, "waits"),
			Value:    rapid.IntRange(-2, 2).Draw(t, "value"),
			Stands:   rapid.Bool().Draw(t, "stands"),
		}
	})
}

func TestLabelsShowTheLowestIfAnyIsNegativeElseTheHighest(t *testing.T) {
	vote := func(rule string, value int, stands bool) store.Opinion {
		return store.Opinion{Revision: "s", Kind: store.OpinionLabel, Target: "Verified", Team: "t", Rule: rule, About: "change", Value: value, Stands: stands}
	}
	waits := func(value int, stands bool) store.Opinion {
		o := vote("a", value, stands)
		o.Waits = true
		return o
	}
	for name, c := range map[string]struct {
		opinions []store.Opinion
		value    int
		held     bool
	}{
		"one":                   {[]store.Opinion{vote("a", 1, true)}, 1, true},
		"negative wins":         {[]store.Opinion{vote("a", 1, true), vote("b", -1, true)}, -1, true},
		"the lowest":            {[]store.Opinion{vote("a", -2, true), vote("b", -1, true)}, -2, true},
		"the highest":           {[]store.Opinion{vote("a", 1, true), vote("b", 2, true)}, 2, true},
		"zero beside one":       {[]store.Opinion{vote("a", 0, true), vote("b", 1, true)}, 1, true},
		"ended does not count":  {[]store.Opinion{vote("a", -1, false), vote("b", 1, true)}, 1, true},
		"waits":                 {[]store.Opinion{waits(0, true), vote("b", 1, true)}, 0, true},
		"waits beside negative": {[]store.Opinion{waits(0, true), vote("b", -1, true)}, -1, true},
		"waits below zero":      {[]store.Opinion{waits(-1, true), vote("b", 1, true)}, -1, true},
		"waits no more":         {[]store.Opinion{waits(0, false), vote("b", 1, true)}, 1, true},
		"all ended":             {[]store.Opinion{vote("a", -1, false)}, 0, false},
	} {
		got := Labels(c.opinions, "s")["Verified"]
		if got.Value != c.value || got.Held != c.held {
			t.Errorf("%s: got %+v, want %d, held %t", name, got, c.value, c.held)
		}
	}
}

// What an earlier release has posted is known by the signature that it wrote.
func TestSignatureIsAsItWas(t *testing.T) {
	vote := store.Opinion{Revision: "s", Kind: store.OpinionLabel, Target: "V", Team: "t", Rule: "a", About: "change", Value: 1, Stands: true}
	sum := sha256.Sum256([]byte(`"t" "change" 1` + "\n"))
	if got, want := Labels([]store.Opinion{vote}, "s")["V"].Signature, hex.EncodeToString(sum[:12]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSignatureIsTheSameWhicheverOfTwoRulesWaits(t *testing.T) {
	says := store.Opinion{Revision: "s", Kind: store.OpinionLabel, Target: "V", Team: "t", Rule: "a", About: "group", Value: 1, Stands: true}
	waits := says
	waits.Rule, waits.Waits = "b", true
	signature := func(os ...store.Opinion) string { return Labels(os, "s")["V"].Signature }
	if a, b := signature(says, waits), signature(waits, says); a != b {
		t.Errorf("%s in one order, %s in the other", a, b)
	}
}

func TestSignatureChangesWithNewsOnly(t *testing.T) {
	base := []store.Opinion{{Revision: "s", Kind: store.OpinionLabel, Target: "V", Team: "t", Rule: "a", About: "change", Value: -1, Stands: true, EventID: "e1"}}
	again := []store.Opinion{base[0]}
	again[0].EventID, again[0].Run = "e2", 1
	changed := []store.Opinion{base[0]}
	changed[0].Value = 1
	ended := []store.Opinion{base[0]}
	ended[0].Stands = false
	signature := func(os []store.Opinion) string { return Labels(os, "s")["V"].Signature }
	waits := []store.Opinion{base[0]}
	waits[0].Waits = true
	if signature(base) == signature(waits) {
		t.Error("that a report waits is no news")
	}
	if signature(base) != signature(again) {
		t.Error("the same opinion from a later event counted as news")
	}
	if signature(base) == signature(changed) || signature(base) == signature(ended) {
		t.Error("an opinion that changed or ended was no news")
	}
}
