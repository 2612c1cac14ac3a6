package gerrittest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"verdict/gerrit"
)

var pollCases = []fact{
	{"PollFindsWhatHappened", "3.10", pollFindsWhatHappened},
	{"FirstPollFindsOpenChanges", "3.10", firstPollFindsOpenChanges},
	{"PollSeesUpdatesOfOneSecond", "3.10", pollSeesUpdatesOfOneSecond},
}

// inbox keeps what a poller hands on, and what of it is new.
type inbox struct {
	cursor string
	known  map[string]bool
	news   []string
	found  []gerrit.Found
}

func (in *inbox) Cursor(context.Context, string) (string, error) { return in.cursor, nil }

func (in *inbox) AcceptChanges(_ context.Context, found gerrit.Found) error {
	if in.known == nil {
		in.known = map[string]bool{}
	}
	for _, e := range found.Events {
		id := fmt.Sprintf("%s %d/%d", e.Type, e.Change.Number, e.Patchset.Number)
		if key := fmt.Sprint(id, e.Occurrence()); !in.known[key] {
			in.known[key] = true
			in.news = append(in.news, id)
		}
	}
	if found.Cursor != "" {
		in.cursor = found.Cursor
	}
	in.found = append(in.found, found)
	return nil
}

// poll polls, and answers what is new, sorted.
func (in *inbox) poll(t *testing.T, p *gerrit.Poller) []string {
	t.Helper()
	in.news = nil
	if err := p.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(in.news))
}

func (e *env) poller(in *inbox, query string) *gerrit.Poller {
	return &gerrit.Poller{Client: e.bot, Server: "main", Query: query, Cursors: in, Inbox: in}
}

func expectNews(t *testing.T, step string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", step, got, want)
	}
}

func pollFindsWhatHappened(t *testing.T, e *env) {
	in := &inbox{}
	project := e.host.newProject(t)
	p := e.poller(in, "project:"+project)
	expectNews(t, "nothing there", in.poll(t, p))
	if in.cursor == "" {
		t.Fatal("the first poll keeps no cursor")
	}
	one := e.host.push(t, push{project: project, subject: "One", files: map[string]string{"a": "1"}})
	expectNews(t, "pushed", in.poll(t, p), fmt.Sprintf("patchset-created %d/1", one.number))
	expectNews(t, "again", in.poll(t, p))

	one = e.host.push(t, push{on: one, files: map[string]string{"a": "2"}})
	one = e.host.push(t, push{on: one, files: map[string]string{"a": "3"}})
	two := e.host.push(t, push{project: project, subject: "Two", files: map[string]string{"b": "1"}, options: "%hashtag=x"})
	expectNews(t, "two patch sets", in.poll(t, p), fmt.Sprintf("patchset-created %d/2", one.number),
		fmt.Sprintf("patchset-created %d/3", one.number), fmt.Sprintf("patchset-created %d/1", two.number))

	e.submit(t, one)
	if err := e.bot.AbandonChange(t.Context(), two.id(), "no"); err != nil {
		t.Fatal(err)
	}
	expectNews(t, "closed", in.poll(t, p), fmt.Sprintf("change-abandoned %d/1", two.number), fmt.Sprintf("change-merged %d/3", one.number),
		fmt.Sprintf("comment-added %d/3", one.number), fmt.Sprintf("reviewer-changed %d/3", one.number), fmt.Sprintf("vote-changed %d/3", one.number))
	if status, _ := e.raw(t, "alice", "POST", two.path()+"/restore", "{}"); status != 200 {
		t.Fatal(status)
	}
	if err := e.bot.AbandonChange(t.Context(), two.id()); err != nil {
		t.Fatal(err)
	}
	expectNews(t, "restored, and abandoned again", in.poll(t, p), fmt.Sprintf("change-abandoned %d/1", two.number), fmt.Sprintf("change-restored %d/1", two.number))
	e.review(t, one, gerrit.ReviewInput{Message: "after all"})
	expectNews(t, "commented", in.poll(t, p), fmt.Sprintf("comment-added %d/3", one.number), fmt.Sprintf("reviewer-changed %d/3", one.number))
}

func firstPollFindsOpenChanges(t *testing.T, e *env) {
	three := e.three(t)
	e.submit(t, three[1])
	newest := e.host.push(t, push{on: three[2], files: map[string]string{"2": "y"}})
	in := &inbox{}
	p := e.poller(in, "project:"+newest.project)
	p.PageSize = 1
	// What happened within the overlap is found, too.
	got := in.poll(t, p)
	for _, want := range []string{fmt.Sprintf("patchset-created %d/1", three[0].number), fmt.Sprintf("patchset-created %d/2", newest.number)} {
		if !slices.Contains(got, want) {
			t.Errorf("got %q, want %q among them", got, want)
		}
	}
	for _, found := range in.found {
		for _, ev := range found.Events {
			if ev.Server != "main" || ev.Change.Project != newest.project || ev.Change.Owner.Username != "alice" || ev.Change.Branch != "main" ||
				ev.Patchset.Revision == "" || ev.Patchset.Uploader.Email != "alice@example.com" || ev.Time.IsZero() {
				t.Errorf("got %+v", ev)
			}
		}
	}
	in.news = nil
	in.known = nil
	if err := p.Full(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectNews(t, "all open", slices.Sorted(slices.Values(in.news)), fmt.Sprintf("patchset-created %d/1", three[0].number), fmt.Sprintf("patchset-created %d/2", newest.number))
}

func pollSeesUpdatesOfOneSecond(t *testing.T, e *env) {
	project := e.host.newProject(t)
	in := &inbox{}
	p := e.poller(in, "project:"+project)
	p.Overlap = 1 // next to nothing
	in.poll(t, p)
	change := e.host.push(t, push{project: project, subject: "Fast", files: map[string]string{"a": "0"}})
	in.poll(t, p)
	for range 3 {
		change = e.host.push(t, push{on: change, files: map[string]string{"a": fmt.Sprint(change.patchset)}})
		expectNews(t, "pushed", in.poll(t, p), fmt.Sprintf("patchset-created %d/%d", change.number, change.patchset))
	}
}
