// Package taskclustertest is a Taskcluster deployment in one process: as much of
// auth and queue as the bot meets, over real HTTP, answering as the real services
// do. Tests use it, and the sandbox in which the product shows itself.
//
// It trusts nothing of package taskcluster but the shapes of its answers: Hawk,
// certificates and scope expressions are checked by code of its own. What it
// keeps is in memory. Tasks are moved on from Go, as workers would: [Server.Start],
// [Server.Resolve]; each step publishes the messages that the real queue would.
//
// Package contract beside it holds the fake and a real deployment to the same.
package taskclustertest
