// Package gerrittest is a Gerrit in this process: a server on a loopback port
// that speaks the REST API as the real one does, as far as a bot uses it.
//
// It keeps accounts, projects, changes with their patch sets, votes, hashtags
// and messages in memory, answers queries, and says no where the real one does,
// in the same words. It has no git: Push takes what a push would bring. The
// rights are those of a Gerrit with a label Verified for its service users;
// see Config. What a test wants to see besides is kept, too: the requests, and
// by Change what stands on a change. Fail makes the server misbehave.
//
// The package's own tests hold it to the real server: they run the same cases
// on both.
package gerrittest
