// Package integration has one file a story, each told on real servers: the
// built bot as a process of its own, a real RabbitMQ with a user that has
// pulse's permissions, a real Gerrit. Taskcluster alone is a stand-in, that of
// package taskclustertest. What a story expects is looked up on those servers,
// never asked of the bot.
package integration
