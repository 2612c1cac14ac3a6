// Package chaos kills and freezes the bot at each step that it takes, stops the RabbitMQ that it listens to, and has
// replicas take over from each other. What ought to be seen on Gerrit and Taskcluster is written down beforehand and
// looked up there: each effect once, and the right vote.
package chaos
