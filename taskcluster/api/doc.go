// Package api has below it what is generated from Taskcluster's references, by
// make generate: a package for each service, tcqueue and others; one for what
// each publishes, tcqueueevents and others; the payloads of tasks for
// docker-worker and generic-worker; and two tables, exchanges and methods.
//
//	queue := tcqueue.New(credentials, "https://tc.example.org")
//	status, err := queue.Status(ctx, taskID)
//
// The packages marked Deprecated are about services of 2018 that are gone.
//
// Only what doesn't begin with Go's line for generated code is written by hand.
// Nothing of it is linked into a program that doesn't import it.
package api
