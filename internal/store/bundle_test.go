package store

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/klauspost/compress/s2"
	"pgregory.net/rapid"
)

func TestABundleGivesBackWhatItWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 40, 200)
		var events, want []Event
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			ev := Event{
				Source: text.Draw(t, "source"), Type: text.Draw(t, "type"), RoutingKey: text.Draw(t, "key"), Routes: text.Draw(t, "routes"),
				GroupID: text.Draw(t, "group"), SetHash: text.Draw(t, "set"), BodyVersion: rapid.IntRange(0, 9).Draw(t, "version"),
				Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"), State: EventReceived,
			}
			if rapid.Bool().Draw(t, "unmatched") {
				ev.State = EventUnmatched
				want = append(want, ev)
			}
			events = append(events, ev)
		}
		b := newBundle(events)
		defer b.done()
		if len(want) == 0 {
			if b != nil {
				t.Fatalf("a bundle of %d events, none of which belongs into one", b.events)
			}
			return
		}
		got, err := unpackBundle(bundleVersion, b.packed)
		if err != nil || len(got) != len(want) || b.events != len(want) {
			t.Fatalf("%d of %d events, counted as %d: %v", len(got), len(want), b.events, err)
		}
		for i, ev := range slices.DeleteFunc(events, func(ev Event) bool { return !bundled(&ev) }) {
			was := want[i]
			was.State = ""
			if in := got[ev.place]; !bytes.Equal(in.Body, was.Body) || fmt.Sprint(in.BodyVersion, bundleFieldsOf(in)) != fmt.Sprint(was.BodyVersion, bundleFieldsOf(was)) {
				t.Errorf("got %+v, want %+v", in, was)
			}
		}
	})
}

func bundleFieldsOf(ev Event) (texts []string) {
	for _, field := range bundleFields(&ev) {
		texts = append(texts, *field)
	}
	return texts
}

func TestADamagedBundleIsAnError(t *testing.T) {
	b := newBundle([]Event{{State: EventUnmatched, Body: []byte("body")}})
	defer b.done()
	for name, err := range map[string]error{
		"cut":         second(unpackBundle(bundleVersion, b.packed[:len(b.packed)-1])),
		"of tomorrow": second(unpackBundle(bundleVersion+1, b.packed)),
		"too large":   second(unpackBundle(bundleVersion, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0})),
		"not ended":   second(unpackBundle(bundleVersion, s2.Encode(nil, []byte{3, 'a'}))),
	} {
		if err == nil {
			t.Errorf("a bundle that is %s was read", name)
		}
	}
}

func second(_ []Event, err error) error { return err }

func FuzzUnpackBundle(f *testing.F) {
	b := newBundle([]Event{{State: EventUnmatched, Type: "queue/task-failed", Body: []byte("body")}})
	f.Add(slices.Clone(b.packed))
	b.done()
	f.Fuzz(func(t *testing.T, packed []byte) {
		events, err := unpackBundle(bundleVersion, packed)
		if err != nil && events != nil {
			t.Errorf("an error, and %d events", len(events))
		}
	})
}
