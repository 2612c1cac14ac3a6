package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
	"verdict/internal/testservers"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_CHILD"); path != "" {
		acceptUntilKilled(path)
	}
	os.Exit(m.Run())
}

func TestOpenRefusesAFileThatAnotherProcessHas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdict.db")
	first := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: "sqlite:" + path}))
	_, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + path})
	if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a file that is held: %v", err)
	}
	must(t, first.Close())
	second := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: "sqlite:" + path}))
	must(t, second.Close())
	must(t, second.Close())
}

func TestOpenWaitsForAShortCommandToEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdict.db")
	first := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: "sqlite:" + path}))
	timer := time.AfterFunc(100*time.Millisecond, func() { first.Close() })
	defer timer.Stop()
	second := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: "sqlite:" + path}))
	must(t, second.Close())
}

func TestNobodyElseMayReadTheFiles(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, "sqlite:"+filepath.Join(dir, "verdict.db"))
	get[int](t)(s.Accept(t.Context(), store.Intake{Events: []store.Event{event(1)}}))
	files := get[[]os.DirEntry](t)(os.ReadDir(dir))
	if len(files) < 3 {
		t.Errorf("only %d files", len(files))
	}
	for _, f := range files {
		if info := get[os.FileInfo](t)(f.Info()); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", f.Name(), info.Mode().Perm())
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		options store.Options
		want    string
	}{
		"no URL":          {store.Options{}, "sqlite:verdict.db"},
		"no file":         {store.Options{URL: "sqlite:"}, "names no file"},
		"no folder":       {store.Options{URL: "sqlite:" + dir + "/none/verdict.db"}, "no such file or directory"},
		"a database":      {store.Options{URL: "sqlite:" + dir}, "is a directory"},
		"another word":    {store.Options{URL: "sqlite:" + dir + "/a.db", Migrate: "maybe"}, "auto or off"},
		"an older schema": {store.Options{URL: "sqlite:" + dir + "/b.db", Migrate: "off"}, "store.migrate: auto"},
	} {
		s, err := store.Open(t.Context(), c.options)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestNoErrorShowsThePassword(t *testing.T) {
	const password = "hunter%2"
	asked := func() (string, error) { return password, nil }
	for name, o := range map[string]store.Options{
		"a bad URL":           {URL: "postgres://u:" + password + "@%zz/db"},
		"a bad parameter":     {URL: "postgres://u@127.0.0.1:1/db?sslmode=perhaps", Password: asked},
		"as a parameter":      {URL: "postgres://u@127.0.0.1:1/db?password=hunter%252"},
		"nobody answers":      {URL: "postgres://u@127.0.0.1:1/db?sslmode=disable", Password: asked},
		"nobody answers, too": {URL: "postgres://u:hunter%252@127.0.0.1:1/db?sslmode=disable"},
	} {
		_, err := store.Open(t.Context(), o)
		if err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPasswordIsAskedForAtEachConnect(t *testing.T) {
	u := get[*url.URL](t)(url.Parse(ownDatabase(t)))
	right, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	if _, err := store.Open(t.Context(), store.Options{URL: u.String(), Password: func() (string, error) { return "wrong-one", nil }}); err == nil || strings.Contains(err.Error(), "wrong-one") {
		t.Errorf("the wrong password: %v", err)
	}
	if _, err := store.Open(t.Context(), store.Options{URL: u.String(), Password: func() (string, error) { return "", errors.New("no file") }}); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("no password: %v", err)
	}
	s := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: u.String(), Password: func() (string, error) { return right, nil }}))
	must(t, s.Close())
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	name := ownDatabase(t)
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			s, err := store.Open(t.Context(), store.Options{URL: name})
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	must(t, g.Wait())
	s := get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: name, Migrate: "off"}))
	must(t, s.Close())
}

func TestOpenRunsOnTheNextSchemaAndNoLaterOne(t *testing.T) {
	for later, want := range map[int]bool{1: true, 2: false} {
		path := filepath.Join(t.TempDir(), "verdict.db")
		must(t, get[*store.Store](t)(store.Open(t.Context(), store.Options{URL: "sqlite:" + path})).Close())
		db := get[*sql.DB](t)(sql.Open("sqlite", path))
		_, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, 1)", store.SchemaVersion+later)
		must(t, err)
		must(t, db.Close())
		for _, migrate := range []string{"auto", "off"} {
			s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + path, Migrate: migrate})
			if (err == nil) != want {
				t.Errorf("%d schemas later, migrate %s: %v; want to run: %t", later, migrate, err, want)
			}
			if err == nil {
				must(t, s.Close())
			}
		}
	}
}

// acceptUntilKilled is another process: it takes in events, and prints each id once Accept says that it is stored.
func acceptUntilKilled(path string) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for n := 0; ; n += 10 {
		var in store.Intake
		for i := range 10 {
			in.Events = append(in.Events, event(n+i))
		}
		if _, err := s.Accept(ctx, in); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, ev := range in.Events {
			fmt.Println(ev.ID)
		}
	}
}

func TestWhatAcceptStoredIsThereAfterAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdict.db")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "STORE_TEST_CHILD="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var ids []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		ids = append(ids, lines.Text())
		if len(ids) == 500 {
			must(t, child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	s := openAt(t, "sqlite:"+path)
	for _, id := range ids[:len(ids)-1] { // the last line may be cut
		if _, err := s.Event(t.Context(), id); err != nil {
			t.Fatalf("of %d events that were stored: %v", len(ids), err)
		}
	}
	if c := get[store.Counts](t)(s.Counts(t.Context())); c.Events[store.EventReceived]%10 != 0 {
		t.Errorf("%d events: a batch was stored in part", c.Events[store.EventReceived])
	}
}

func TestTheStoreIsHeardAgainAfterItsConnectionsWereCut(t *testing.T) {
	name := ownDatabase(t)
	s, ctx := openAt(t, name), t.Context()
	admin := get[*sql.DB](t)(sql.Open("pgx", testservers.Postgres(t)))
	defer admin.Close()
	woken := s.Wake()
	_, err := admin.ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name[strings.LastIndex(name, "/")+1:strings.Index(name, "?")])
	must(t, err)
	select {
	case <-woken: // once it listens again, for what was missed
	case <-time.After(30 * time.Second):
		t.Fatal("it doesn't listen again")
	}
	get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}))
}
