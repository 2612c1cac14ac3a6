package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// director has stories played, several at once.
type director struct {
	world    *World
	bot      *Bot
	stories  []Story
	pace     time.Duration
	patience time.Duration
	// rounds is how often all stories are played; 0: until there is no time left.
	rounds int
	// until is when the last story should have ended; zero: when stopping is closed.
	until time.Time

	work   sync.WaitGroup
	scenes []*scene
	played []int // by story

	mu   sync.Mutex
	errs []error
}

const (
	// stage is how many stories are played at once.
	stage = 9
	// entrance parts one story from the next; where there is time for all, they come as calm does.
	entrance, calmEntrance = 500 * time.Millisecond, 3 * time.Second
	// quiet is how long nothing must have happened when all is over: two polls.
	quiet = 2 * time.Second
	// closing is how long the end may take.
	closing = 20 * time.Second
)

var errRestless = errors.New("the bot does not come to rest")

// direct plays until the rounds are over, the time is, or stopping is closed. When it returns, no story is being played.
func (d *director) direct(ctx context.Context, stopping <-chan struct{}) error {
	defer d.work.Wait()
	free := make(chan struct{}, stage)
	for n := 0; d.rounds == 0 || n < d.rounds*len(d.stories); n++ {
		select {
		case free <- struct{}{}:
		case <-stopping:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-d.bot.ended:
			return fmt.Errorf("the bot has ended: %w", d.bot.err)
		}
		story, ok := d.choose()
		if !ok {
			return nil
		}
		s := &scene{world: d.world, bot: d.bot, pace: d.pace, patience: d.patience}
		d.scenes = append(d.scenes, s)
		d.work.Go(func() {
			defer func() { <-free }()
			d.note(s.play(ctx, story, stopping))
		})
		if !d.wait(ctx, n, stopping) {
			return context.Cause(ctx) // nil when stopping
		}
	}
	return nil
}

// choose gives the story that was played least, of those for which there is time.
func (d *director) choose() (story Story, ok bool) {
	least := -1
	for i, s := range d.stories {
		if !d.until.IsZero() && time.Until(d.until) < s.Takes {
			continue
		}
		if least < 0 || d.played[i] < d.played[least] {
			least = i
		}
	}
	if least < 0 {
		return Story{}, false
	}
	d.played[least]++
	return d.stories[least], true
}

// wait parts one story from the next. It tells whether to go on.
func (d *director) wait(ctx context.Context, n int, stopping <-chan struct{}) bool {
	pause := entrance
	switch {
	case d.pace == 0:
		pause = 0
	case d.until.IsZero() || n >= len(d.stories):
		pause = calmEntrance
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-stopping:
		return false
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (d *director) note(err error) {
	if err == nil || errors.Is(err, errUnmet) { // the judge says what
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.errs = append(d.errs, err)
}

// calm waits until the bot has nothing to do and nothing has happened for a while, so that what ought not to be had
// its chance.
func (d *director) calm(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, closing, errRestless)
	defer cancel()
	since, moved := time.Now(), d.world.next()
	return d.bot.until(ctx, func() (bool, error) {
		idle, err := d.bot.idle(ctx)
		select {
		case <-moved:
			since, moved = time.Now(), d.world.next()
		default:
		}
		if !idle {
			since = time.Now()
		}
		return err == nil && time.Since(since) >= quiet, err
	})
}

// judge compares all that was seen with all that ought to be, change by change. It counts the posts that say something.
func (d *director) judge() (seen Effects, posts int, diff Difference) {
	ought := map[int]Effects{}
	for _, s := range d.scenes {
		if s.change != 0 {
			ought[s.change] = s.ought
		}
	}
	changes := []int{0} // the bot's tasks that are for none
	for _, c := range d.world.Gerrit.Changes() {
		changes = append(changes, c.Number)
		for _, m := range c.Messages {
			if m.Author == botUser && len(effectsOf(m).Messages) > 0 {
				posts++
			}
		}
	}
	for _, change := range changes {
		of := d.world.Seen(change)
		one := Compare(ought[change], of)
		for i := range one.Lost {
			one.Lost[i] = fmt.Sprintf("change %d: %s", change, one.Lost[i])
		}
		for i := range one.Duplicated {
			one.Duplicated[i] = fmt.Sprintf("change %d: %s", change, one.Duplicated[i])
		}
		seen, diff = seen.and(of), diff.and(one)
	}
	return seen, posts, diff
}
