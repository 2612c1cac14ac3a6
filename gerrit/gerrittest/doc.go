// Package gerrittest is a Gerrit in this process: a server on a loopback port
// that speaks the REST API as the real one does, as far as a bot uses it, and
// tells its events by SSH.
//
// It keeps accounts, groups, projects, and changes with all that stands on them
// in memory, answers queries, and says no where the real one does, in the same
// words; its oddities are those of the real one, too. It has no git: Push takes
// what a push would bring, commits are whole trees, and what is merged is merged
// by file. The rights are those of a Gerrit with a label Verified for its
// service users; see Config and Account. ListenSSH serves stream-events. What a
// test wants to see besides is kept, too: the requests, and by Change what
// stands on a change. Fail makes the server misbehave, and SSH's methods make
// a stream do so.
//
// The package's own tests hold it to the real server: they run the same facts
// on both, each from the version of Gerrit on that it was seen on.
package gerrittest
