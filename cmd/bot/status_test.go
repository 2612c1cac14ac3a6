package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"verdict/internal/app/admin"
)

func TestStatusSaysHowEachWayOfAServerGoes(t *testing.T) {
	at := time.Date(2026, time.January, 31, 8, 0, 2, 0, time.UTC)
	depth := 3
	var out bytes.Buffer
	printStatus(&out, admin.Status{Running: true, Sources: []admin.Source{
		{Name: "pulse", Connected: true, Since: at, Depth: &depth, Bindings: []string{"a b"}},
		{Name: "gerrit:main", Connected: true, Since: at, Found: &admin.Found{Hinted: 5120, Polled: 31, Missed: 2}},
		{Name: "gerrit:main/stream", Error: "the host key has changed", LastEvent: at},
		{Name: "gerrit:main/webhook", Connected: true, Since: at},
		{Name: "gerrit:other", Error: "no route\nto host"},
	}})
	for _, want := range []string{
		"  pulse        connected since " + when(at) + ", 3 messages waiting, 1 binding\n",
		"  gerrit:main  connected since " + when(at) + ", 5120 events by hints, 31 that only polls saw, 2 hints left to polls\n",
		"    stream     not connected, last event " + when(at) + ", the host key has changed\n",
		"    webhook    taken since " + when(at) + ", no event yet\n",
		"  gerrit:other not connected, ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}
