// Package gerrit speaks with a Gerrit server: its REST API, and what happened
// there since one last looked.
//
//	c := gerrit.NewClient("https://review.example.org", gerrit.PasswordFileAuth("ci-bot", "token"))
//	c.Retry = gerrit.Retry{Attempts: 3}
//	for change, err := range c.AllChanges(ctx, "status:open label:Verified=-1", gerrit.QueryChangesOpt{}) {
//		...
//	}
//
// A Client has a method for each call. What a failure means is told by
// errors.Is with ErrChangeNotExist and its neighbours, and details are in an
// HTTPError, where Gerrit answered, or a NoAnswerError, where nothing came that
// is an answer of Gerrit's; both name the trace that finds the call in Gerrit's
// log. Each attempt of a call has a time limit, an answer a limit of size. A
// Client tries again only as Retry says, and never what could be done twice by
// that. Review tells of votes that Gerrit left out, which it does without an
// error of its own: a DroppedVoteError.
//
// A Poller finds what happened since a stored cursor, and hands it on as
// Events. A Stream and a Webhook hear of changes at once, and a Lookout has the
// Poller look at them. The package persists nothing; the cursor and what was
// seen are kept by whoever takes the events.
//
// The names are those of golang.org/x/build/gerrit, where that has them, as it
// is now and as it was in 2018: code written for it works with this package when
// its import is changed. What the types say, and don't say again here, is in
// https://gerrit-review.googlesource.com/Documentation/rest-api.html.
// The folder gerrittest has a Gerrit for tests.
package gerrit
