package decide

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"verdict/gerrit"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

type oneTask struct {
	facts.Queue
	task *taskcluster.Task
	err  error
}

func (q oneTask) Task(context.Context, string) (*taskcluster.Task, error) { return q.task, q.err }

type awayGerrit struct {
	facts.Gerrit
	asked int
}

var errAway = errors.New("it is away")

func (g *awayGerrit) GetChangeDetail(context.Context, string, ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error) {
	g.asked++
	return nil, errAway
}

// A server that is away says nothing of the change: the event is decided later, and not without one.
func TestAServerThatIsAwayIsNoWantOfAChange(t *testing.T) {
	teams, found := rules.LoadTeams("teams.yaml", []byte(`teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit: [{server: main, projects: [a], actions: [comment]}]
    taskcluster: {scopes: [a], trustTasks: [{schedulerId: level-1, taskQueueId: ci/linux}]}
`))
	set, more := rules.Load(rules.Sources{Teams: teams, Files: map[string][]byte{"gfx/a.yaml": []byte(`
rules:
  - {name: r, on: {task: failed, change: 'event.change'}, do: [{comment: x}]}
`)}})
	if len(found)+len(more) > 0 {
		t.Fatal(found, more)
	}
	team, _ := set.Team("gfx")
	level := func(n string) *taskcluster.Task {
		return &taskcluster.Task{SchedulerID: "level-" + n, ProvisionerID: "ci", WorkerType: "linux", Extra: json.RawMessage(`{}`)}
	}
	tests := map[string]struct {
		queue oneTask
		away  bool
		why   string
		asked int
	}{
		"Gerrit":                    {queue: oneTask{task: level("1")}, away: true, asked: 1},
		"Taskcluster":               {queue: oneTask{err: errAway}, away: true},
		"of a task that is gone":    {queue: oneTask{err: taskcluster.ErrNotFound}, why: "task T is gone, so nothing tells whether it is to be believed"},
		"of one that isn't trusted": {queue: oneTask{task: level("0")}, why: "trustTasks in the team's grant doesn't trust a task of scheduler level-0, project  and queue ci/linux"},
	}
	for name, test := range tests {
		server := &awayGerrit{}
		d := &Decider{Facts: &facts.Source{Queue: test.queue, Gerrit: map[string]facts.Gerrit{"main": server}}}
		s := &subject{Event: store.Event{Source: "task", Type: "failed", TaskID: "T"}, payload: map[string]any{"change": int64(7)}}
		link, why, err := d.saidByRule(t.Context(), s, d.Facts.Session(s.about()), rules.Candidate{Rule: set.Rules()[0]}, team)
		if errors.Is(err, errAway) != test.away || why != test.why || server.asked != test.asked {
			t.Errorf("%s: got %+v, %q and the error %v, Gerrit asked %d times", name, link, why, err, server.asked)
		}
	}
}
