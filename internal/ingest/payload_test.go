package ingest

import (
	"context"
	"testing"
	"time"

	"github.com/valyala/fastjson"

	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
)

// agrees compares what is said of a payload while it is matched with what it is once it is decoded whole.
func agrees(t *testing.T, payload string, path []string) {
	t.Helper()
	decoded, err := facts.Decode([]byte(payload))
	if err != nil || fastjson.Validate(payload) != nil {
		return
	}
	want, wantFound := rules.Decoded{Event: decoded}.Text(path)
	_ = read([]byte(payload), func(m *fastjson.Value) error {
		got, found := (*message)(m).Text(path)
		if found != rules.Something && (got != want || found != wantFound) {
			t.Errorf("%s at %v: got %q, %v, want %q, %v", payload, path, got, found, want, wantFound)
		}
		return nil
	})
}

func FuzzTextIsThatOfTheDecodedPayload(f *testing.F) {
	for _, payload := range []string{
		`{"a":"x"}`, `{"a":{"b":"x"}}`, `{"a":"x","a":"y"}`, `{"a":{"b":"x"},"a":{"c":"y"}}`, `{"\u0061":"x"}`, `{"a":"\u0078\n\\"}`,
		`{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":null}`, `{"a":1}`, `[]`, `"a"`, `{}`, `{"a":{}}`, `{"A":"x"}`,
	} {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		agrees(t, payload, []string{"a"})
		agrees(t, payload, []string{"a", "b"})
	})
}

func TestTextIsKnownWhereItCanBe(t *testing.T) {
	for payload, want := range map[string]rules.Found{
		`{"a":{"b":"x"}}`: rules.Text, `{"a":{}}`: rules.NoKey, `{}`: rules.Something, `{"a":{"b":1}}`: rules.Something, `{"a":{"b":null}}`: rules.Something,
	} {
		_ = read([]byte(payload), func(m *fastjson.Value) error {
			if _, got := (*message)(m).Text([]string{"a", "b"}); got != want {
				t.Errorf("%s: got %v, want %v", payload, got, want)
			}
			return nil
		})
	}
}

// shelf keeps what is accepted.
type shelf struct {
	Store
	events []store.Event
}

func (s *shelf) Accept(_ context.Context, in store.Intake) (int, error) {
	s.events = append(s.events, in.Events...)
	return len(in.Events), nil
}

func loadRules(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
	for _, d := range found {
		t.Fatal(d)
	}
	return set
}

func TestAMessageThatAClauseDeniesIsKeptUnmatched(t *testing.T) {
	set := loadRules(t, `
rules:
  - {name: a, on: {exchange: exchange/other/v1/thing}, when: ['event.kind in ["build", "test"]'], do: [{task: {taskQueueId: a/b, deadline: x, payload: {}, metadata: {name: x, description: x}}}]}
`)
	kept := &shelf{}
	in := &Inbox{Store: kept, Rules: func() *rules.Set { return set }, ExchangePrefix: "exchange/taskcluster-"}
	var batch []pulse.Message
	bodies := []string{`{"kind":"build"}`, `{"kind":"lint"}`, `{}`, `{"kind":1}`, `{`}
	for _, body := range bodies {
		batch = append(batch, pulse.Message{Exchange: "exchange/other/v1/thing", RoutingKey: "x", Body: []byte(body), Received: time.Unix(0, 0)})
	}
	if err := in.AcceptMessages(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	// What is no text, or lacks, is left to the rule, which says so.
	want := []store.EventState{store.EventReceived, store.EventUnmatched, store.EventReceived, store.EventReceived, store.EventParked}
	for i, ev := range kept.events {
		if ev.State != want[i] {
			t.Errorf("%s: got %s, want %s", bodies[i], ev.State, want[i])
		}
	}
	if len(kept.events) != len(want) {
		t.Errorf("%d events, want %d", len(kept.events), len(want))
	}
}
