package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Story is what people and workers do around one change, and what ought to come of it.
type Story struct {
	Title string
	// Takes is about how long it takes, at the demonstration's pace.
	Takes time.Duration
	Steps []Step
}

// Step is something that is done, and what ought to be seen before the story goes on.
type Step struct {
	Do    []Act
	Ought Effects
}

// Act is something that people, workers or the network do.
type Act func(ctx context.Context, s *scene) error

// scene is a story that is being played.
type scene struct {
	world    *World
	bot      *Bot
	pace     time.Duration
	patience time.Duration

	change, patchset int
	ought            Effects
}

// errUnmet means that something that ought to be was not seen in time. The judge says what.
var errUnmet = errors.New("what ought to be was not seen in time")

// play plays a story to its end, or until stopping is closed: then a step that has begun is ended.
func (s *scene) play(ctx context.Context, story Story, stopping <-chan struct{}) error {
	s.world.see(Sight{What: story.Title})
	for _, step := range story.Steps {
		select {
		case <-stopping:
			return nil
		default:
		}
		if err := s.step(ctx, step); err != nil {
			return fmt.Errorf("%s: %w", story.Title, err)
		}
	}
	return nil
}

func (s *scene) step(ctx context.Context, step Step) error {
	for _, act := range step.Do {
		if err := act(ctx, s); err != nil {
			return err
		}
	}
	s.ought = s.ought.and(step.Ought.on(s.patchset))
	return s.until(ctx, func() bool { return len(s.difference().Lost) == 0 })
}

// difference is how the change is, compared to what ought to be so far.
func (s *scene) difference() Difference { return Compare(s.ought, s.world.Seen(s.change)) }

// until waits until the world is so, within the scene's patience.
func (s *scene) until(ctx context.Context, holds func() bool) error {
	late := time.NewTimer(s.patience)
	defer late.Stop()
	for {
		moved := s.world.next()
		if holds() {
			return nil
		}
		select {
		case <-moved:
		case <-late.C:
			return errUnmet
		case <-s.bot.ended:
			return errUnmet
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pause lets a spectator follow.
func (s *scene) pause(ctx context.Context) error {
	if s.pace == 0 {
		return nil
	}
	t := time.NewTimer(s.pace)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
