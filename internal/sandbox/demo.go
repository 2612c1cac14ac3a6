package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"verdict/internal/app"
	"verdict/rules/examples"
)

// Performance says how the scripted team's stories are played.
type Performance struct {
	// Stories are what is played; nil: Stories().
	Stories []Story
	// Rounds is how often; 0: as often as time allows.
	Rounds int
	// For is how long it may take once the bot runs; 0: until Rounds are over, or stopping is closed.
	For time.Duration
	// Pace is a pause before each thing that a worker does; 0: none.
	Pace time.Duration
	// Patience is how long a story waits for what ought to be; 30 s when zero.
	Patience time.Duration
	// Version is the bot's.
	Version string
	// OnSight is told of whatever can be seen to happen, by many goroutines; nil: nobody is.
	OnSight func(Sight)
	// Wrap may replace parts of the bot, for tests; nil: none.
	Wrap func(*app.Parts)
}

// Summary is how it went. Its JSON is the demonstration's last line.
type Summary struct {
	// Events is how many the bot took in, Matched how many of them a rule matched: the bot's own word.
	Events  int `json:"events"`
	Matched int `json:"matched"`
	// Votes, Comments, Hashtags and Tasks are what Gerrit and Taskcluster saw: votes cast or taken back, posts
	// that say something, hashtags added or removed, tasks created.
	Votes    int `json:"votes"`
	Comments int `json:"comments"`
	Hashtags int `json:"hashtags"`
	Tasks    int `json:"tasks"`
	// Lost ought to be and was not seen, Duplicated was seen and ought not to be.
	Lost       int `json:"lost"`
	Duplicated int `json:"duplicated"`

	// Stories is how many were played.
	Stories int `json:"-"`
	// Difference says what was lost and duplicated.
	Difference Difference `json:"-"`
	// Folder is what the bot left, where something was wrong: its log, its store.
	Folder string `json:"-"`
}

// Fine tells whether nothing was lost and nothing duplicated.
func (s Summary) Fine() bool { return s.Lost == 0 && s.Duplicated == 0 }

const defaultPatience = 30 * time.Second

// ErrTooShort means that there is no time for any story.
var ErrTooShort = errors.New("too short for the shortest story")

// Demo plays stories around a bot, until they are over or stopping is closed, and judges.
func Demo(ctx context.Context, p Performance, stopping <-chan struct{}) (sum Summary, err error) {
	if p.Stories == nil {
		p.Stories = Stories()
	}
	if p.For > 0 && p.For < shortest(p.Stories)+ending {
		return sum, fmt.Errorf("%s: %w, which takes %s", p.For, ErrTooShort, shortest(p.Stories)+ending)
	}
	w, err := NewWorld(Options{Rules: examples.Files, Scopes: teamScopes, Twice: 3, OnSight: p.OnSight})
	if err != nil {
		return sum, err
	}
	defer func() {
		w.Close()
		if err == nil && sum.Fine() {
			w.Forget()
			return
		}
		sum.Folder = w.Dir
	}()
	cast(w)
	bot, err := StartBot(ctx, w, p.Version, p.Wrap)
	if err != nil {
		return sum, err
	}
	defer bot.Stop()
	d := p.director(w, bot)
	if err := d.direct(ctx, stopping); err != nil {
		return sum, err
	}
	if err := errors.Join(d.errs...); err != nil {
		return sum, err
	}
	return conclude(ctx, d)
}

// conclude ends the bot and only then judges: nothing can come any more.
func conclude(ctx context.Context, d *director) (Summary, error) {
	// A bot that doesn't come to rest is judged by what it did.
	if err := d.calm(ctx); err != nil && !errors.Is(err, errRestless) {
		return Summary{}, err
	}
	if err := d.bot.Stop(); err != nil {
		return Summary{}, fmt.Errorf("stop the bot: %w", err)
	}
	counts, err := d.bot.Counts(ctx)
	if err != nil {
		return Summary{}, err
	}
	seen, posts, diff := d.judge()
	return Summary{
		Events: counts.Events, Matched: counts.Matched,
		Votes: len(seen.Votes), Comments: posts, Hashtags: len(seen.Hashtags), Tasks: len(seen.Tasks),
		Lost: len(diff.Lost), Duplicated: len(diff.Duplicated), Difference: diff, Stories: len(d.scenes),
	}, nil
}

// ending is what is left of the time for the end: nothing new begins that could not be over before.
const ending = quiet + time.Second

func shortest(stories []Story) time.Duration {
	return slices.MinFunc(stories, func(a, b Story) int { return cmp.Compare(a.Takes, b.Takes) }).Takes
}

// director is what plays it. The time begins when the bot is ready, so that a slow machine plays as much.
func (p Performance) director(w *World, bot *Bot) *director {
	d := &director{
		world: w, bot: bot, stories: p.Stories, pace: p.Pace, patience: p.Patience, rounds: p.Rounds, played: make([]int, len(p.Stories)),
	}
	if d.patience == 0 {
		d.patience = defaultPatience
	}
	if p.For > 0 {
		d.until = time.Now().Add(p.For - ending)
	}
	return d
}
