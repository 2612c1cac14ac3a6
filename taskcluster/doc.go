// Package taskcluster is a client of a Taskcluster deployment: credentials,
// signatures, and calls of any service's API.
//
// A [Client] calls one service. Packages below taskcluster/api are generated on
// it, with a method for each call; [Queue] is the part of the queue that follows
// tasks, written by hand. What goes wrong comes back as an [APIError] or wraps
// one of the package's errors, so that callers branch with errors.Is. A call
// that changes something is made by a [Caller]: it is signed with named
// temporary credentials that hold no more scopes than that one call needs. Which
// those are is said by package scopes.
//
// Each attempt of each call is signed anew, and redirects are not followed. The
// client tries a few times within seconds, as [Retry] says, and keeps nothing
// between calls: when to call again after an outage, and what a repeat means, is
// the caller's.
//
// Code written for the client of 2018 finds its names here: [Client.APICall],
// [Client.Request], [Client.SignedURL] and what they answer. New code calls
// [Client.Do], which takes a context.
//
// No access token, certificate signature or Authorization header shows in what
// this package prints: not in errors, and not in any fmt verb of its types.
package taskcluster
