// Package sandbox is a world for a bot to live in, and a judge of what it does there.
//
// A World is a Gerrit, a Taskcluster and a pulse broker in this process, on loopback ports, speaking the real
// protocols, and a temporary folder with a bot's whole configuration. StartBot runs internal/app in it, the very
// engine of bot run. A Story says what people and workers do, and beforehand what ought to come of it; Compare sets
// that against what the world's Gerrit and Taskcluster saw, not against the bot's own word. Demo plays the stories of
// a scripted team.
//
// A Testbed makes smaller worlds, one for each test of rules: the stages of the bot alone, called one after the other,
// without broker, processes or waiting. It is the engine of rules/ruletest.
//
// What either persists is in a temporary folder, and gone with it. The fakes are gerrittest's, taskclustertest's and
// pulsetest's; cmd/bot calls Demo, and NewTestbed for bot test.
package sandbox
