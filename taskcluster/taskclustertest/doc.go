// Package taskclustertest is a Taskcluster deployment in one process, over real
// HTTP, answering as the real services do. Tests use it, and the sandbox in which
// the product shows itself.
//
// It knows every method that the references of today name, by path, query and
// scopes: who lacks one is refused in the words of the real services. auth,
// queue, index, hooks and secrets also do what they say; what else has no
// behaviour answers 501 once the scopes were looked at, see [Behaves]. Of hooks,
// the template is taken as it stands, since rendering JSON-e isn't done here; of
// artifacts, there is no object service.
//
// It trusts nothing of package taskcluster but the shapes of its answers: Hawk,
// bewits, certificates and scope expressions are checked by code of its own. What
// it keeps is in memory. Workers may claim and report over HTTP; or tasks are
// moved on from Go, see [Server.Start] and [Server.Resolve]. Each step publishes
// the messages that the real queue would, its repetitions too; [Server.DelayNext]
// and [Server.LoseNext] make what else can happen to them, [Server.Fail] what can
// happen to requests.
//
// Package contract beside it holds the fake and a real deployment to the same,
// and the tests here hold it to what was recorded of one.
package taskclustertest
