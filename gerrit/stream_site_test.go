package gerrit_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

// streamSite is a site that can be listened to.
type streamSite struct {
	*site
	addr, hosts string
	key         func() (string, error)
	cut         func() // nil where the server can't be asked to
	silence     func()
	refuse      func(bool)
}

func onBothStreams(t *testing.T, run func(t *testing.T, s *streamSite)) {
	t.Run("fake", func(t *testing.T) { run(t, fakeStream(t)) })
	t.Run("real", func(t *testing.T) {
		s := &streamSite{site: realSite(t)}
		server := testservers.GerritSSH(t)
		s.addr, s.hosts = server.Addr, server.KnownHostsFile
		s.key = func() (string, error) { text, err := os.ReadFile(server.KeyFiles["ci-bot"]); return string(text), err }
		run(t, s)
	})
}

func fakeStream(t *testing.T) *streamSite {
	t.Helper()
	fake := gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(fake.Close)
	server, err := fake.ListenSSH("")
	must(t, err)
	signer, key := newSigner(t)
	fake.AddSSHKey("ci-bot", signer.PublicKey())
	s := &streamSite{site: newSite(fake.URL()), addr: server.Addr(), cut: server.Cut, silence: server.Silence, refuse: server.Refuse}
	s.key = func() (string, error) { return key, nil }
	s.hosts = writeHosts(t, server.Addr(), server.HostKey())
	return s
}

func writeHosts(t *testing.T, addr string, key ssh.PublicKey) string {
	t.Helper()
	file := t.TempDir() + "/known_hosts"
	must(t, os.WriteFile(file, []byte(knownhosts.Line([]string{addr}, key)+"\n"), 0o600))
	return file
}

// follower is a poller that notes what it found, with a stream if it has one.
type follower struct {
	poller  *gerrit.Poller
	lookout *gerrit.Lookout
	stream  *gerrit.Stream
	polls   chan struct{}

	mu      sync.Mutex
	cursor  string
	events  []gerrit.Event
	changed chan struct{}
}

func (s *streamSite) follow(project string) *follower {
	f := &follower{changed: make(chan struct{}), polls: make(chan struct{}, 100)}
	scope := gerrit.NewScope([]string{project}, nil)
	f.poller = &gerrit.Poller{Client: s.bot, Server: "main", Scope: func() gerrit.Scope { return scope }, Cursors: f, Inbox: f}
	f.lookout = &gerrit.Lookout{Look: f.poller.Look}
	f.stream = &gerrit.Stream{
		Addr: s.addr, User: "ci-bot", Key: s.key, KnownHostsFile: s.hosts, Hint: f.lookout.Hint, Poll: func() { f.polls <- struct{}{} },
	}
	return f
}

// Cursor implements gerrit.CursorReader.
func (f *follower) Cursor(context.Context, string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursor, nil
}

// AcceptChanges implements gerrit.Inbox.
func (f *follower) AcceptChanges(_ context.Context, found gerrit.Found) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, found.Events...)
	if found.Cursor != "" {
		f.cursor = found.Cursor
	}
	close(f.changed)
	f.changed = make(chan struct{})
	return nil
}

// listen runs stream and lookout until the test ends. Polls are noted and not
// done: what is found is found by hints.
func (f *follower) listen(t *testing.T) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() { _ = f.lookout.Run(t.Context()) })
	running.Go(func() { _ = f.stream.Run(t.Context()) })
	t.Cleanup(running.Wait)
}

// await waits for an event.
func (f *follower) await(t *testing.T, what string, wanted func(gerrit.Event) bool) gerrit.Event {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		f.mu.Lock()
		at, changed := slices.IndexFunc(f.events, wanted), f.changed
		events := f.events
		f.mu.Unlock()
		if at >= 0 {
			return events[at]
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("no %s comes; %s came, the stream: %+v", what, kinds(events), f.stream.Status())
		}
	}
}

func (f *follower) awaitType(t *testing.T, kind string) gerrit.Event {
	t.Helper()
	return f.await(t, kind, func(e gerrit.Event) bool { return e.Type == kind })
}

// heard makes changes until the stream tells of one: a server begins to a
// moment after it took the command.
func (f *follower) heard(t *testing.T, s *streamSite, project string) {
	t.Helper()
	before := f.stream.Status().Events
	for n := 0; f.stream.Status().Events == before; n++ {
		if _, err := s.alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: "Hello"}); err != nil || n > 500 {
			t.Fatalf("%v after %d changes: %+v", err, n, f.stream.Status())
		}
	}
}

func kinds(events []gerrit.Event) (all []string) {
	for _, e := range events {
		all = append(all, fmt.Sprint(e.Type, " ", e.Change.Number))
	}
	return all
}

// ids are the events that Gerrit itself names by a patchset or a message.
func (f *follower) ids() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := map[string]bool{}
	for _, e := range f.events {
		if e.Type == gerrit.PatchsetCreated || e.Message.ID != "" && (e.Type == gerrit.CommentAdded || strings.HasPrefix(e.Type, "change-")) {
			ids[fmt.Sprint(e.Type, " ", e.Change.Number, " ", e.Occurrence())] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// of is about a change, by its id.
func of(id string) func(gerrit.Event) bool {
	return func(e gerrit.Event) bool {
		return strings.HasSuffix(id, "~"+number(e.Change.Number)) || strings.HasSuffix(id, "~"+e.Change.ChangeID)
	}
}

func (s *streamSite) change(t *testing.T, project string) string {
	t.Helper()
	made, err := s.alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: "A change"})
	must(t, err)
	return made.ID
}

func TestPollAndStreamGiveTheSame(t *testing.T) {
	onBothStreams(t, func(t *testing.T, s *streamSite) {
		project := s.newProject(t)
		listening, polling := s.follow(project), s.follow(project)
		must(t, listening.poller.Poll(t.Context()))
		must(t, polling.poller.Poll(t.Context()))
		listening.listen(t)
		listening.heard(t, s, project)

		ctx, id := t.Context(), s.change(t, project)
		listening.await(t, "first sight", of(id)) // what it shows then is where it begins
		must(t, s.alice.ChangeFileContentInChangeEdit(ctx, id, "a.txt", "one\n"))
		must(t, s.alice.PublishChangeEdit(ctx, id))
		must(t, s.bot.SetReview(ctx, id, "current", gerrit.ReviewInput{Message: "Fine", Labels: map[string]int{"Verified": 1}}))
		_, err := s.alice.AddHashtags(ctx, id, "tag")
		must(t, err)
		_, err = s.alice.SetTopic(ctx, id, "topic")
		must(t, err)
		must(t, s.alice.AddReviewers(ctx, id, gerrit.ReviewerInput{Reviewer: "bob"}))
		must(t, s.alice.SetWorkInProgress(ctx, id))
		must(t, s.alice.AbandonChange(ctx, id, "no"))
		must(t, s.alice.RestoreChange(ctx, id, "yes"))
		for _, kind := range []string{
			gerrit.PatchsetCreated, gerrit.CommentAdded, gerrit.VoteChanged, gerrit.HashtagsChanged, gerrit.TopicChanged,
			gerrit.ReviewerChanged, gerrit.WIPChanged, gerrit.ChangeAbandoned, gerrit.ChangeRestored,
		} {
			listening.awaitType(t, kind)
		}
		must(t, listening.poller.Poll(ctx)) // for changes that were made before the stream was heard
		must(t, polling.poller.Poll(ctx))
		if got, want := listening.ids(), polling.ids(); !slices.Equal(got, want) {
			t.Errorf("the stream gives %q, the poll %q", got, want)
		}
		if n := listening.poller.Counts(); n.Hinted == 0 {
			t.Errorf("%+v", n)
		}
	})
}

func TestOnlyAStreamNamesWhatWasDeletedOrMadePrivate(t *testing.T) {
	onBothStreams(t, func(t *testing.T, s *streamSite) {
		project := s.newProject(t)
		listening, polling := s.follow(project), s.follow(project)
		for _, f := range []*follower{listening, polling} {
			must(t, f.poller.Poll(t.Context()))
		}
		listening.listen(t)
		listening.heard(t, s, project)
		ctx := t.Context()
		deleted, seen, hidden := s.change(t, project), s.change(t, project), s.change(t, project)
		must(t, s.bot.SetReview(ctx, seen, "current", gerrit.ReviewInput{Labels: map[string]int{"Verified": 1}})) // so it stays visible
		for _, f := range []*follower{listening, polling} {
			must(t, f.poller.Poll(ctx))
		}
		must(t, s.admin.DeleteChange(ctx, deleted))
		must(t, s.alice.SetPrivate(ctx, seen, true))
		must(t, s.alice.SetPrivate(ctx, hidden, true))
		listening.awaitType(t, gerrit.ChangeDeleted)
		private := listening.awaitType(t, gerrit.PrivateStateChanged)
		if !private.Change.Private || private.Message.ID == "" {
			t.Errorf("%+v", private)
		}
		must(t, s.alice.SetPrivate(ctx, hidden, false))
		back := listening.await(t, "change that is visible again", func(e gerrit.Event) bool {
			return e.Type == gerrit.PrivateStateChanged && e.Change.Number != private.Change.Number
		})
		if back.Change.Private {
			t.Errorf("%+v", back)
		}

		must(t, polling.poller.Poll(ctx))
		must(t, polling.poller.Full(ctx))
		polling.awaitType(t, gerrit.ChangeVanished)
		for _, e := range polling.events {
			if e.Type == gerrit.ChangeDeleted || e.Type == gerrit.PrivateStateChanged {
				t.Errorf("a poll says %s", e.Type)
			}
		}
	})
}

func TestStreamOfAGerritIsCutRefusedAndSilent(t *testing.T) {
	s := fakeStream(t)
	project := s.newProject(t)
	f := s.follow(project)
	f.stream.KeepAlive, f.stream.Silence = 20*time.Millisecond, 150*time.Millisecond
	must(t, f.poller.Poll(t.Context()))
	f.listen(t)
	f.heard(t, s, project)
	polled := func(what string) {
		t.Helper()
		next(t, f.polls, what)
		f.heard(t, s, project) // and the stream tells again
	}
	polled("poll after the first connect")
	s.refuse(true)
	s.cut()
	for f.stream.Status().Connected {
		time.Sleep(time.Millisecond)
	}
	id := s.change(t, project)
	s.refuse(false)
	polled("poll after the cut")
	must(t, f.poller.Poll(t.Context())) // as asked for
	f.await(t, "change that was made meanwhile", of(id))
	connects := f.stream.Status().Connects
	s.silence()
	for f.stream.Status().Connects == connects {
		time.Sleep(time.Millisecond)
	}
	polled("poll after the silence")
}

func TestParseEventReadsAllThatAServerTells(t *testing.T) {
	told := map[string]gerrit.Hint{}
	fake := gerrittest.NewServer(gerrittest.Config{OnEvent: func(e gerrittest.Event) {
		h, err := gerrit.ParseEvent(e.JSON)
		if err != nil || h.Type != e.Type || h.Change != e.Change || h.Change != 0 && h.Project != e.Project {
			t.Errorf("%s: got %+v and %v, want %+v", e.JSON, h, err, e)
		}
		told[e.Type] = h
	}})
	t.Cleanup(fake.Close)
	p := fake.Push(gerrittest.Push{Project: "demo", Subject: "A change"})
	fake.Comment(p.Change, "alice", "Hello")
	fake.SetHashtags(p.Change, "ci-bot", []string{"tag"}, nil)
	fake.SetWIP(p.Change, true)
	fake.SetPrivate(p.Change, true)
	must(t, fake.Abandon(p.Change, "alice", "no"))
	must(t, fake.Restore(p.Change, "alice", "yes"))
	fake.Delete(p.Change)
	for _, kind := range []string{
		"ref-updated", gerrit.PatchsetCreated, gerrit.CommentAdded, gerrit.HashtagsChanged, "wip-state-changed", gerrit.PrivateStateChanged,
		gerrit.ChangeAbandoned, gerrit.ChangeRestored, gerrit.ChangeDeleted,
	} {
		if _, ok := told[kind]; !ok {
			t.Errorf("no %s was told", kind)
		}
	}
}
