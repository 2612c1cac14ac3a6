// Package pulse consumes messages from Taskcluster's pulse, a RabbitMQ.
//
// A Consumer keeps one durable queue on the broker, bound to what it is told to hear, and hands what arrives to
// a function in batches; a batch is acknowledged only after that function has returned nil. Whatever breaks, a
// connection, a channel, the queue itself, is built again, and told as a Notice. What the messages mean is left
// to the caller, and so is what was missed while the queue was gone: a Gap says from when.
//
// It persists nothing here; the broker keeps the queue and its bindings. internal/app runs it, internal/ingest
// takes its batches. It is the only importer of streadway/amqp, whose traps it knows: see link and session.
package pulse

import "time"

// Binding is one reason for a message to reach the queue.
type Binding struct {
	// Exchange is the exchange's full name, "exchange/taskcluster-queue/v1/task-failed".
	Exchange string
	// RoutingKey is a topic pattern: words between dots, * for one word, # for any number of them.
	RoutingKey string
}

// Message is what an exchange sent.
type Message struct {
	Exchange   string
	RoutingKey string // the primary one, also where a binding on a route matched
	// Routes are the task's routes: the entries of the header CC that begin with "route.", that prefix cut.
	// The slice is valid until Handle returns; its strings may be kept.
	Routes      []string
	Redelivered bool // the broker has sent it before, to us or to another consumer of the queue
	ContentType string
	Body        []byte // as sent; may be kept
	Received    time.Time
}
