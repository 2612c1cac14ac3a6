// Package gerrit speaks with a Gerrit server: its REST API, and what changed
// there since one last looked.
//
// A Client makes single calls. It neither retries nor decides: what a failure
// means is told by errors.Is and the types HTTPError, NoAnswerError and
// DroppedVoteError, and the caller does something about it. A Poller finds
// what happened since a stored cursor and hands it on as Events. The package
// persists nothing; the cursor is kept by whoever takes the events.
//
// Names follow golang.org/x/build/gerrit where that has them. The API is
// described at https://gerrit-review.googlesource.com/Documentation/rest-api.html.
// The folder gerrittest has a Gerrit for tests.
package gerrit
