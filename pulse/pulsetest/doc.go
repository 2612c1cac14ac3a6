// Package pulsetest is a small RabbitMQ for tests and demonstrations: an AMQP 0-9-1 broker in this process, on a
// port of the loopback interface.
//
// It does what a consumer of pulse meets: topic exchanges, durable queues with their bindings, the header CC as
// a second routing key, prefetch, acknowledgements of many, redelivery of what a lost connection left, consumers
// that are told of a deleted queue, and refusals (403, 404, 406) with the codes and words of RabbitMQ for a user
// with pulse's rights. Tests can also make it go away, fall silent or delete a queue. It keeps everything in
// memory, within limits, and nothing when it is closed. Left out are headers exchanges, exchange-to-exchange
// bindings, transactions, and queue arguments, which are compared but have no effect.
//
// Contract is the suite that holds it to a real RabbitMQ, and Client the plain client that the suite uses; the
// tests of pulse and the sandbox run on both.
package pulsetest
