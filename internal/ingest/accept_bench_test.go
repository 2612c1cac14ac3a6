package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
)

type nowhere struct{ Store }

func (nowhere) Accept(_ context.Context, in store.Intake) (int, error) { return len(in.Events), nil }

// BenchmarkAccept takes in a hundred messages, without the store: where no rule compares a text of the payload, and where
// a hundred rules differ in one.
func BenchmarkAccept(b *testing.B) {
	for name, rule := range map[string]string{
		"by key":    "  - {name: r%d, on: {exchange: queue/task-failed, routingKey: {workerType: ci-%d}}, when: ['event.runId >= 0'], do: [{comment: x}]}\n",
		"by clause": "  - {name: r%d, on: {exchange: queue/task-failed}, when: ['event.status.projectId == \"p-%d\"'], do: [{comment: x}]}\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := "rules:\n"
			for i := range 100 {
				text += fmt.Sprintf(rule, i, i)
			}
			set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
			if len(found) > 0 {
				b.Fatal(found)
			}
			in := &Inbox{Store: nowhere{}, Rules: func() *rules.Set { return set }, ExchangePrefix: "exchange/taskcluster-"}
			payload := []byte(strings.Replace(strings.Replace(failed, `"state":"failed","runs"`, `"state":"failed","projectId":"p-x","runs"`, 1), `"version":1`, `"task":{"tags":{"description":"`+strings.Repeat("0", 1200)+`"}},"version":1`, 1))
			batch := make([]pulse.Message, 100)
			for i := range batch {
				batch[i] = pulse.Message{Exchange: taskFailed, RoutingKey: "primary.T.0.lab.w1.lab.ci-x.bot-1.G._", Body: payload, Received: time.Unix(0, 0)}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := in.AcceptMessages(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
