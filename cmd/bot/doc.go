// Command bot runs Verdict, and is how people look into it.
//
// # A tour of the code
//
// Follow one event. A task fails, and Taskcluster's queue says so on an exchange.
//
// [verdict/pulse] consumes it from a queue of our own, in batches. [verdict/internal/ingest] makes an event of each
// message: its id is the identity of what happened, so that the same occurrence is one event however often it comes.
// The event is stored, matched or not, and only then is the batch acknowledged. What Gerrit tells comes by another
// way to the same place: [verdict/gerrit]'s Poller asks, on the ticks of [verdict/internal/schedule], what changed
// since a stored cursor.
//
// Which rules may concern the event, the index of [verdict/rules] says. Rules are YAML files in a folder, a team's
// folder each, read by [verdict/rules/yamlfile]; their conditions are CEL, what they send is JSON-e
// ([verdict/rules/jsone]). The package is pure: files and events in, decisions out. It also holds the teams and what
// they were granted.
//
// [verdict/internal/decide] claims the event, has [verdict/internal/facts] fetch what the rules name (the task, the
// change, its patch set), evaluates them, and writes what they decided in one transaction: a decision each with its
// explanation, and the actions and opinions that follow. A task that settled, or a group, is an event of its own,
// derived here.
//
// [verdict/internal/deliver] carries out the actions. Those on one change run in order, in one lane, which one replica
// at a time works on under a lease. A vote is computed there from all opinions on the patch set, and Gerrit is
// written only where it differs. A task is created by [verdict/taskcluster], signed with credentials that hold the
// scopes of that one call ([verdict/taskcluster/hawk], [verdict/taskcluster/scopes]). Each call is made at least once,
// and made harmless when it is made twice.
//
// All of that stands on [verdict/internal/store]: SQLite in a file, or PostgreSQL for several replicas. Kill the
// process between any two lines, and the next one goes on from what is there. What somebody has to mend is kept there
// too, and told once a day by [verdict/internal/problems]. The words for the states of events and
// actions are in docs/states.md, and are the same in the code, the tables and the logs.
//
// [verdict/internal/app] puts it together and runs it: the stages, the rules in force
// ([verdict/internal/app/ruleset]) and the folder or the repository they come from ([verdict/internal/app/rulefiles],
// [verdict/internal/app/rulegit]), the replicas that
// share a queue, and the socket on which commands reach a running bot ([verdict/internal/app/admin]).
// [verdict/internal/config] reads config.yaml, and [verdict/internal/doctor] looks whether the servers let the bot do what
// is written there.
//
// What authors of rules use stands beside that path: [verdict/rules/ruletest] reads tests and compares,
// [verdict/internal/sandbox] runs them on the stages between stand-ins, and [verdict/internal/app/trial] decides what
// would follow of an event, without a store.
//
// # Where to look
//
// The folder's name is the stage. "Why did it vote?" is in the decision: bot why, with an event, a change, a task or the
// last line of a post. A log line names its event or action; bot events show and bot actions show tell the rest. The
// commands are here, one file each; those that look into a bot or steer it share desk.go, which finds the socket of the
// running one or opens its store.
//
// Tests use fakes that speak the real protocols: pulsetest, gerrittest and taskclustertest, each held to the real
// server by a contract suite. internal/importtest checks that packages import in the directions told here.
package main
