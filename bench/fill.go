package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/streadway/amqp"
)

const (
	exchange = "exchange/taskcluster-queue/v1/task-failed"
	user     = "guest"
	queue    = "queue/guest/bench"
	// ruleTypes is how many worker types messages are drawn from; rule n is about worker type n.
	ruleTypes = 10_000
)

// filler fills the queue before a contender runs: what publishing costs is nobody's.
type filler struct {
	url  string
	conn *amqp.Connection
	ch   *amqp.Channel
	// confirms is registered once: a listener that nobody reads stops the connection.
	confirms chan amqp.Confirmation
}

func newFiller(url string) (*filler, error) {
	conn, err := amqp.Dial(url)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", err)
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	f := &filler{url: url, conn: conn, ch: ch, confirms: ch.NotifyPublish(make(chan amqp.Confirmation, 1000))}
	if err := ch.ExchangeDeclare(exchange, "topic", true, false, false, false, nil); err != nil {
		return nil, err
	}
	return f, ch.Confirm(false)
}

func (f *filler) close() { _ = f.conn.Close() } // the broker ends next

func (f *filler) queue(messages int) error {
	if _, err := f.ch.QueueDelete(queue, false, false, false); err != nil {
		return err
	}
	if _, err := f.ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		return err
	}
	if err := f.ch.QueueBind(queue, "#", exchange, false, nil); err != nil {
		return err
	}
	confirmed := make(chan struct{})
	go func() {
		for range messages {
			<-f.confirms
		}
		close(confirmed)
	}()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range messages {
		key, route, body := message(i, random)
		err := f.ch.Publish(exchange, key, false, false, amqp.Publishing{
			ContentType: "application/json", DeliveryMode: amqp.Persistent, Headers: amqp.Table{"CC": []any{"route." + route}}, Body: body,
		})
		if err != nil {
			return err
		}
	}
	select {
	case <-confirmed:
		return nil
	case <-time.After(2 * time.Minute):
		return fmt.Errorf("the broker has not confirmed %d messages in two minutes", messages)
	}
}

// message is the i-th: 1.5 kB, as the queue publishes it. One in a hundred is of a rule's worker type and failed in
// its first run; the others are of worker types that no rule names, so that no contender is spared the look.
func message(i int, random *rand.Rand) (key, route string, body []byte) {
	id := func() string {
		const chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		b := make([]byte, 22)
		for i := range b {
			b[i] = chars[random.IntN(len(chars))]
		}
		return string(b)
	}
	workerType := fmt.Sprintf("other-%d", random.IntN(ruleTypes))
	if i%100 == 0 {
		workerType = fmt.Sprintf("ci-%d", random.IntN(100))
	}
	taskID, group := id(), id()
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	key = fmt.Sprintf("primary.%s.0.lab.w1.gfx.%s.gfx-level-1.%s._", taskID, workerType, group)
	route = fmt.Sprintf("gerrit.main.%d.1", 1+i/100)
	body = fmt.Appendf(nil, `{"status":{"taskId":%q,"provisionerId":"gfx","workerType":%q,"taskQueueId":"gfx/%s","schedulerId":"gfx-level-1","projectId":"none","taskGroupId":%q,"priority":"lowest","deadline":%q,"expires":%q,"retriesLeft":5,"state":"failed","runs":[{"runId":0,"state":"failed","reasonCreated":"scheduled","reasonResolved":"failed","workerGroup":"lab","workerId":"w1","takenUntil":%q,"scheduled":%q,"started":%q,"resolved":%q}]},"runId":0,"task":{"tags":{"kind":"build","platform":"linux","description":%q}},"workerGroup":"lab","workerId":"w1","version":1}`,
		taskID, workerType, workerType, group, now, now, now, now, now, now, padding)
	return key, route, body
}

var padding = fmt.Sprintf("%0700d", 0)
