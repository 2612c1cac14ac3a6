package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/internal/app"
	"verdict/taskcluster"
)

// log shows what happened, if the test fails.
type log struct {
	mu    sync.Mutex
	lines strings.Builder
	p     *Printer
}

func newLog(t *testing.T) *log {
	l := &log{}
	l.p = &Printer{Out: &l.lines}
	l.p.Begin()
	t.Cleanup(func() {
		if t.Failed() {
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Log(l.lines.String())
		}
	})
	return l
}

func (l *log) sight(s Sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.p.Sight(s)
}

func TestEachStoryEndsAsItsScriptSays(t *testing.T) {
	t.Parallel()
	sum, err := Demo(t.Context(), Performance{Rounds: 1, OnSight: newLog(t).sight}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sum.Fine() || sum.Stories != len(Stories()) {
		t.Errorf("got %+v", sum)
	}
	for name, n := range map[string]int{
		"events": sum.Events, "matched": sum.Matched, "votes": sum.Votes, "comments": sum.Comments, "hashtags": sum.Hashtags, "tasks": sum.Tasks,
	} {
		if n == 0 {
			t.Errorf("no %s", name)
		}
	}
	if sum.Folder != "" {
		t.Errorf("the folder %s is left", sum.Folder)
	}
}

// short is a story in which a bot says something, votes, tags and creates a task.
func short() []Story {
	for _, s := range Stories() {
		if strings.HasPrefix(s.Title, "documentation") {
			return []Story{s}
		}
	}
	panic("there is no such story")
}

// reviewer is a Gerrit of which one method is another's.
type reviewer struct {
	app.Gerrit
	review func(ctx context.Context, changeID, revision string, in gerrit.ReviewInput) (*gerrit.ReviewResult, error)
}

func (r reviewer) Review(ctx context.Context, changeID, revision string, in gerrit.ReviewInput) (*gerrit.ReviewResult, error) {
	return r.review(ctx, changeID, revision, in)
}

type tagger struct {
	app.Gerrit
	tag func(ctx context.Context, changeID string, in gerrit.HashtagsInput) ([]string, error)
}

func (g tagger) SetHashtags(ctx context.Context, changeID string, in gerrit.HashtagsInput) ([]string, error) {
	return g.tag(ctx, changeID, in)
}

type creator struct {
	app.Queue
	create func(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error)
}

func (c creator) CreateTask(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return c.create(ctx, taskID, definition, caller)
}

// The judge goes by what Gerrit and Taskcluster saw: a bot that believes to have done its work well is not asked.
func TestABotThatDoesTooMuchOrTooLittleIsTold(t *testing.T) {
	t.Parallel()
	const message = `message "Verified -1: 1 of 1 tasks failed`
	var work sync.WaitGroup // they mostly wait: more of them than tests that run at once
	for name, c := range map[string]struct {
		wrap             func(*app.Parts)
		lost, duplicated string
	}{
		"posts twice": {
			wrap: func(p *app.Parts) {
				real := p.Gerrit[serverName]
				p.Gerrit[serverName] = reviewer{real, func(ctx context.Context, changeID, revision string, in gerrit.ReviewInput) (*gerrit.ReviewResult, error) {
					if _, err := real.Review(ctx, changeID, revision, in); err != nil {
						return nil, err
					}
					return real.Review(ctx, changeID, revision, in)
				}}
			},
			duplicated: message,
		},
		"skips a post": {
			wrap: func(p *app.Parts) {
				p.Gerrit[serverName] = reviewer{p.Gerrit[serverName], func(context.Context, string, string, gerrit.ReviewInput) (*gerrit.ReviewResult, error) {
					return &gerrit.ReviewResult{}, nil
				}}
			},
			lost: message,
		},
		"votes otherwise": {
			wrap: func(p *app.Parts) {
				real := p.Gerrit[serverName]
				p.Gerrit[serverName] = reviewer{real, func(ctx context.Context, changeID, revision string, in gerrit.ReviewInput) (*gerrit.ReviewResult, error) {
					if in.Labels["Verified"] == 1 {
						in.Labels = map[string]int{"Verified": 0}
					}
					return real.Review(ctx, changeID, revision, in)
				}}
			},
			lost: "vote Verified +1", duplicated: "vote Verified 0",
		},
		"forgets a hashtag": {
			wrap: func(p *app.Parts) {
				p.Gerrit[serverName] = tagger{p.Gerrit[serverName], func(_ context.Context, _ string, in gerrit.HashtagsInput) ([]string, error) {
					return in.Add, nil
				}}
			},
			lost: "hashtag +ci-lint",
		},
		"adds a hashtag of its own": {
			wrap: func(p *app.Parts) {
				real := p.Gerrit[serverName]
				p.Gerrit[serverName] = tagger{real, func(ctx context.Context, changeID string, in gerrit.HashtagsInput) ([]string, error) {
					in.Add = append(in.Add, "extra")
					return real.SetHashtags(ctx, changeID, in)
				}}
			},
			duplicated: "hashtag +extra",
		},
		"creates a task twice": {
			wrap: func(p *app.Parts) {
				real := p.Queue
				p.Queue = creator{real, func(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error) {
					if _, err := real.CreateTask(ctx, taskcluster.NewID(), definition, caller); err != nil {
						return nil, err
					}
					return real.CreateTask(ctx, taskID, definition, caller)
				}}
			},
			// The second one is never run, so the group never settles.
			lost: "hashtag +ci-failed", duplicated: "task lint for patch set 1",
		},
		"skips a task": {
			wrap: func(p *app.Parts) {
				p.Queue = creator{p.Queue, func(context.Context, string, json.RawMessage, taskcluster.Caller) (*taskcluster.TaskStatus, error) {
					return &taskcluster.TaskStatus{}, nil
				}}
			},
			lost: "task lint for patch set 1",
		},
	} {
		work.Go(func() {
			p := Performance{Stories: short(), Rounds: 1, Wrap: c.wrap}
			if c.lost != "" {
				p.Patience = 10 * time.Second // is waited for in vain
			}
			sum, err := Demo(t.Context(), p, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			defer os.RemoveAll(sum.Folder)
			check := func(what string, n int, got []string, want string) {
				if (n > 0) != (want != "") || n != len(got) || !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("%s: %s: got %q, want one with %q", name, what, got, want)
				}
			}
			check("lost", sum.Lost, sum.Difference.Lost, c.lost)
			check("duplicated", sum.Duplicated, sum.Difference.Duplicated, c.duplicated)
			if sum.Fine() || sum.Folder == "" {
				t.Errorf("%s: got %+v", name, sum)
			}
		})
	}
	work.Wait()
}

func TestAStopEndsTheStoriesBetweenTwoSteps(t *testing.T) {
	t.Parallel()
	stopping := make(chan struct{})
	var once sync.Once
	p := Performance{Stories: short()}
	l := newLog(t)
	p.OnSight = func(s Sight) {
		l.sight(s)
		if s.Who == "frank" {
			once.Do(func() { close(stopping) })
		}
	}
	sum, err := Demo(t.Context(), p, stopping)
	if err != nil || !sum.Fine() || sum.Stories == 0 {
		t.Errorf("got %+v, %v", sum, err)
	}
	if sum.Tasks == 0 || sum.Votes != 0 {
		t.Errorf("a step that had begun was not ended, or another was begun: %+v", sum)
	}
}

func TestADemoTooShortForAnyStoryIsRefused(t *testing.T) {
	if _, err := Demo(t.Context(), Performance{For: time.Second}, nil); !errors.Is(err, ErrTooShort) {
		t.Errorf("got %v", err)
	}
}

func TestABotThatCantStartIsTold(t *testing.T) {
	w, err := NewWorld(Options{Rules: os.DirFS(t.TempDir())}) // no teams.yaml
	if err != nil {
		t.Fatal(err)
	}
	defer w.Forget()
	defer w.Close()
	if _, err := StartBot(t.Context(), w, "test", nil); err == nil || !strings.Contains(err.Error(), "teams.yaml") {
		t.Errorf("got %v", err)
	}
}
