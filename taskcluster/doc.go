// Package taskcluster is a client of a Taskcluster deployment: credentials,
// the signature of requests, and the calls of the queue.
//
// A [Queue] is given the deployment's root URL and a [CredentialSource]. Each
// attempt of each call is signed anew; what goes wrong comes back as an
// [APIError] or wraps [ErrUnavailable], so that callers branch with errors.Is.
// A call that changes something is made by a [Caller]: it is signed with named
// temporary credentials that hold no more scopes than that one call needs.
//
// Which scopes those are is said by package scopes. When to call again after an
// outage, and what a repeat means, is the caller's: the client tries a few
// times within seconds and keeps nothing between calls.
//
// No access token, certificate signature or Authorization header shows in what
// this package prints: not in errors, and not in any fmt verb of its types.
package taskcluster
