package sandbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"

	"verdict/gerrit/gerrittest"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// push pushes a change, or, where there is one, a further patch set of it. The
// files' contents are new each time: a story may be told again when what it
// pushed before is merged.
func push(p gerrittest.Push) Act {
	return func(_ context.Context, s *scene) error {
		p := p
		p.Change = s.change
		p.Files = maps.Clone(p.Files)
		for path := range p.Files {
			p.Files[path] = rand.Text()
		}
		made := s.world.Gerrit.Push(p)
		s.change, s.patchset = made.Change, made.Number
		return nil
	}
}

// merge merges the change.
func merge(by string) Act {
	return func(ctx context.Context, s *scene) error {
		if err := s.pause(ctx); err != nil {
			return err
		}
		return s.world.Gerrit.Merge(s.change, by)
	}
}

// ready takes the change out of work in progress.
func ready() Act {
	return func(_ context.Context, s *scene) error {
		s.world.Gerrit.SetWIP(s.change, false)
		return nil
	}
}

// decided waits until the bot has made up its mind on all that it has heard of the change: what is done next can't be
// mixed up with what was before.
func decided() Act {
	return func(ctx context.Context, s *scene) error {
		ctx, cancel := context.WithTimeoutCause(ctx, s.patience, errUnmet)
		defer cancel()
		return s.bot.until(ctx, func() (bool, error) { return s.bot.decided(ctx, s.change) })
	}
}

// passes has a worker run a task of the current patch set, well.
func passes(name string) Act { return ends(name, 0, taskcluster.Completed, "completed") }

// fails has a worker run a task of the current patch set, badly.
func fails(name string) Act { return ends(name, 0, taskcluster.Failed, "failed") }

// failsLate has a worker end a task of a patch set that is no longer the current one.
func failsLate(name string, patchset int) Act {
	return ends(name, patchset, taskcluster.Failed, "failed")
}

// breaks has a worker give up on a task: worker-shutdown and the like let the queue run it again by itself.
func breaks(name, reason string) Act { return ends(name, 0, taskcluster.Exception, reason) }

func ends(name string, patchset int, state, reason string) Act {
	return func(ctx context.Context, s *scene) error {
		id, err := s.task(name, patchset)
		if err != nil {
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
		run, err := s.world.Tasks.Start(id)
		if err != nil {
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
		return s.world.Tasks.Resolve(id, run, state, reason)
	}
}

// rerun has a task that ended run again, as somebody asks for it on the page.
func rerun(name string) Act {
	return func(ctx context.Context, s *scene) error {
		id, err := s.task(name, 0)
		if err != nil {
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
		s.world.see(Sight{Change: s.change, Who: somebody, What: "asks for another run of " + name})
		return s.world.Tasks.Rerun(id)
	}
}

// task is the id of the bot's task of that name for a patch set, 0 being the current one.
func (s *scene) task(name string, patchset int) (string, error) {
	at := place{s.change, orElse(patchset, s.patchset)}
	for _, t := range s.world.tasksOf(at.change) {
		if t.Definition.Metadata.Name == name && changeOf(t) == at {
			return t.ID, nil
		}
	}
	return "", fmt.Errorf("no task %s for patch set %d of change %d", name, at.patchset, at.change)
}

// foreign has a task of another scheduler, which says that it is for the change, fail.
func foreign(name, schedulerID string) Act {
	return func(ctx context.Context, s *scene) error {
		id := taskcluster.NewID()
		err := s.world.Tasks.AddTask(id, map[string]any{
			"schedulerId": schedulerID, "taskQueueId": "gfx/ci-linux", "taskGroupId": id,
			"metadata": map[string]any{"name": name, "description": "A build", "owner": "build@example.org", "source": s.world.Tasks.URL},
			"tags":     map[string]any{"kind": "build"},
			"extra":    map[string]any{"gerrit": map[string]any{"change": s.change, "patchset": s.patchset}},
		})
		if err != nil {
			return err
		}
		run, err := s.world.Tasks.Start(id)
		if err != nil {
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
		return s.world.Tasks.Resolve(id, run, taskcluster.Failed, "failed")
	}
}

// disconnect breaks every connection to the broker, just when it has passed on the latest message.
func disconnect() Act {
	return func(ctx context.Context, s *scene) error {
		if err := s.until(ctx, s.world.wire.idle); err != nil {
			return err
		}
		s.world.see(Sight{Who: theNetwork, What: "breaks the bot's connection to pulse"})
		s.world.Broker.DropConnections()
		return nil
	}
}

// loseAnswer has the answer to the next createTask get lost, though the task is created.
func loseAnswer() Act {
	return func(_ context.Context, s *scene) error {
		s.world.see(Sight{Who: theNetwork, What: "will lose Taskcluster's next answer to createTask"})
		s.world.Tasks.Fail(taskclustertest.Fault{Method: "createTask", AfterEffect: true})
		return nil
	}
}
