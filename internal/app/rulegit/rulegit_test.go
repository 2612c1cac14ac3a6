package rulegit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// repo is a repository with a worktree, as people work in it.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	r := &repo{t, filepath.Join(t.TempDir(), "rules.git")}
	r.git("init", "-q", "-b", "main", ".")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "HOME=/nowhere", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=a@x", "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@x", "GIT_AUTHOR_DATE=2026-01-31T08:00:00Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) write(name, text string) {
	r.t.Helper()
	full := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(subject string) string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", subject, "-m", "and why")
	return r.git("rev-parse", "HEAD")
}

func (r *repo) at() *Repository {
	return &Repository{URL: "file://" + r.dir, Branch: "main", Dir: "rules", Teams: "teams.yaml"}
}

func fetch(t *testing.T, r *Repository) *Commit {
	t.Helper()
	c, err := r.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusals(c *Commit) string {
	var all []string
	for name, why := range c.Refused {
		all = append(all, name+": "+why)
	}
	return strings.Join(all, "\n")
}

func TestFetchGivesTheFilesOfTheBranchAndWhoseTheyAre(t *testing.T) {
	r := newRepo(t)
	r.write("teams.yaml", "teams: {}")
	r.write("rules/gfx/ci.yaml", "rules: []")
	r.write("rules/gfx/.hidden", "no")
	r.write(".taskcluster.yml", "no")
	r.commit("first")
	r.write("rules/gfx/ci.yaml", strings.Repeat("# a rule\n", 1000))
	id := r.commit("second")
	c := fetch(t, r.at())
	if c.ID != id || c.Author != "Ann" || c.Subject != "second" || !c.Time.Equal(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)) || string(c.Teams) != "teams: {}" {
		t.Errorf("got %+v, want %s", c, id)
	}
	if len(c.Files) != 1 || len(c.Files["gfx/ci.yaml"]) != 9000 || len(c.Refused) != 0 {
		t.Errorf("files are %q, refused %v", c.Files, c.Refused)
	}
	if head, err := r.at().Head(t.Context()); err != nil || head != id {
		t.Errorf("the head is %s, %v", head, err)
	}
	r.git("reset", "-q", "--hard", "HEAD^") // a forced push
	r.write("rules/gfx/ci.yaml", "other")
	if id = r.commit("another history"); fetch(t, r.at()).ID != id {
		t.Error("a branch that was forced isn't followed")
	}
}

func TestWhatIsNoFileOfRulesIsRefusedWithWords(t *testing.T) {
	for name, filter := range map[string]string{"a server that leaves large files out": "true", "one that doesn't": "false"} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			r.git("config", "uploadpack.allowFilter", filter)
			r.write("teams.yaml", "teams: {}")
			r.write("rules/gfx/large.txt", strings.Repeat("x", 1<<20+1))
			r.write("rules/gfx/fits.txt", strings.Repeat("x", 1<<20))
			if err := os.Symlink("../../../../etc/passwd", filepath.Join(r.dir, "rules/gfx/leak.txt")); err != nil {
				t.Fatal(err)
			}
			r.write("rules/"+strings.Repeat("d/", 14)+"deep.yaml", "x")
			r.git("add", "-A")
			r.git("update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,rules/gfx/sub")
			r.git("commit", "-q", "-m", "odd")
			c := fetch(t, r.at())
			told := refusals(c)
			for _, want := range []string{"gfx/large.txt: longer than 1048576 bytes", "gfx/leak.txt: a symlink", "gfx/sub: a submodule", "folders nested deeper than 12"} {
				if !strings.Contains(told, want) {
					t.Errorf("%q is not told:\n%s", want, told)
				}
			}
			if len(c.Refused) != 4 || len(c.Files) != 1 || len(c.Files["gfx/fits.txt"]) != 1<<20 {
				t.Errorf("%d refused, %d files", len(c.Refused), len(c.Files))
			}
		})
	}
}

func TestARepositoryOfOtherThingsIsRefusedBeforeItFillsTheMemory(t *testing.T) {
	noise := make([]byte, 3<<20)
	for i := range noise { // it can't be packed
		noise[i] = byte(i*i>>7 ^ i*31>>3 ^ i>>11)
	}
	many := func(r *repo) {
		for n := range 300 {
			r.write(fmt.Sprintf("other/%d", n), fmt.Sprint(n))
		}
	}
	for name, c := range map[string]struct {
		limits limits
		fill   func(r *repo)
		want   string
	}{
		"large":           {limits{1 << 20, 64 << 10, 1 << 30, 1000}, func(r *repo) { r.write("other/noise", string(noise)) }, "the commit, packed, is larger than"},
		"a bomb":          {limits{1 << 20, 32 << 20, 8 << 20, 1000}, func(r *repo) { r.write("other/zeros", string(make([]byte, 64<<20))) }, "takes more than 8 MiB"},
		"a bomb of delta": {limits{1 << 20, 32 << 20, 24 << 20, 1000}, func(r *repo) { deltas(r, 16<<20) }, "takes more than 24 MiB"},
		"many files":      {limits{1 << 20, 32 << 20, 1 << 30, 200}, many, "files and folders; a repository of rules has fewer than 200"},
		"many branches": {limits{10 << 10, 32 << 20, 1 << 30, 1000}, func(r *repo) {
			id := r.commit("x")
			for n := range 300 {
				r.write(fmt.Sprintf(".git/refs/heads/b%d", n), id+"\n")
			}
		}, "the list of its branches is larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			r.write("teams.yaml", "teams: {}")
			r.write("rules/gfx/ci.yaml", "rules: []")
			c.fill(r)
			r.commit("full")
			at := r.at()
			at.limits = c.limits
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := at.Fetch(t.Context())
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 40<<20 {
				t.Errorf("it took %d MiB", took>>20)
			}
		})
	}
}

// deltas makes two large files that differ in a byte, and has them packed as a delta.
func deltas(r *repo, size int) {
	text := bytes.Repeat([]byte("zero"), size/4)
	r.write("other/a", string(text))
	text[len(text)/2] = 'Z'
	r.write("other/b", string(text))
	r.commit("bomb")
	r.git("repack", "-q", "-a", "-d", "-f")
}

func TestWhatIsWrongWithTheRepositoryIsTold(t *testing.T) {
	r := newRepo(t)
	r.write("teams.yaml", "teams: {}")
	r.write("rules/gfx/ci.yaml", "rules: []")
	r.commit("first")
	for name, c := range map[string]struct {
		change func(*Repository)
		want   string
	}{
		"a branch that is gone": {func(at *Repository) { at.Branch = "gone" }, `no such branch "gone"`},
		"no repository":         {func(at *Repository) { at.URL += "/nowhere" }, "does not appear to be a git repository"},
		"no folder":             {func(at *Repository) { at.Dir = "rulez" }, "has no folder rulez (rules.dir)"},
		"no teams":              {func(at *Repository) { at.Teams = "rules" }, "has no file rules (rules.teams;"},
		"no url":                {func(at *Repository) { at.URL = "ftp://x/y" }, "none that can be fetched from"},
		"no key":                {func(at *Repository) { at.URL = "git@x:y" }, "rules.git.keyFile is missing"},
	} {
		at := r.at()
		c.change(at)
		if _, err := at.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := newRepo(t).at().Fetch(t.Context()); !errors.Is(err, ErrNoBranch) {
		t.Errorf("an empty repository: %v", err)
	}
	at := r.at()
	at.Dir, at.Teams = ".", ""
	if c := fetch(t, at); len(c.Files) != 2 || c.Teams != nil {
		t.Errorf("the whole tree is %q", c.Files)
	}
}

// served is the repository by HTTPS, for one user.
func served(t *testing.T, r *repo) *httptest.Server {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: path, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1"}}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		user, password, _ := req.BasicAuth()
		switch {
		case strings.HasPrefix(req.URL.Path, "/moved/"):
			http.Redirect(w, req, "https://elsewhere.example.org/"+strings.TrimPrefix(req.URL.Path, "/moved/"), http.StatusMovedPermanently)
		case strings.HasPrefix(req.URL.Path, "/page/"):
			w.Write([]byte("<html>"))
		case strings.HasPrefix(req.URL.Path, "/slow/"):
			<-req.Context().Done()
		case user != "verdict" || password != "s3cr3t":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			backend.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func TestHTTPSSendsThePasswordToItsServerAloneAndNeverTellsIt(t *testing.T) {
	r := newRepo(t)
	r.write("teams.yaml", "teams: {}")
	r.write("rules/gfx/ci.yaml", "rules: []")
	id := r.commit("first")
	s := served(t, r)
	password := "s3cr3t"
	at := func(path string) *Repository {
		repository := r.at()
		repository.URL = strings.Replace(s.URL, "https://", "https://verdict@", 1) + path
		repository.Key = func() (string, error) { return password, nil }
		repository.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
		return repository
	}
	if c := fetch(t, at("/rules.git/.git")); c.ID != id || len(c.Files) != 1 {
		t.Errorf("got %+v", c)
	}
	ctx := t.Context()
	wrong := func(ctx context.Context, what string, repository *Repository, want string) {
		t.Helper()
		_, err := repository.Fetch(ctx)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: got %v, want %q in it", what, err, want)
		}
	}
	wrong(ctx, "a server that moved", at("/moved/rules.git"), "it has moved to https://elsewhere.example.org/rules.git; write that into rules.git.url")
	wrong(ctx, "a page", at("/page/x"), `no git repository answers there, but something of type "text/html`)
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	wrong(soon, "a server that hangs", at("/slow/x"), "deadline")
	wrong(ctx, "no repository", at("/nowhere.git"), "404")
	untrusted := at("/rules.git/.git")
	untrusted.TLS = nil
	wrong(ctx, "another certificate", untrusted, "certificate")
	password = "wr0ng"
	wrong(ctx, "a wrong password", at("/rules.git/.git"), "401 Unauthorized: the user of rules.git.url, with the password in keyFile, may not read it")
}

func TestSafeLeavesPasswordsOut(t *testing.T) {
	for url, want := range map[string]string{
		"https://u:pw@x.org/r.git": "https://u@x.org/r.git", "https://x.org/r@b": "https://x.org/r@b", "git@x.org:r.git": "git@x.org:r.git", "ssh://u@x.org:29418/r": "ssh://u@x.org:29418/r",
	} {
		if got := Safe(url); got != want {
			t.Errorf("%s is shown as %s", url, got)
		}
	}
}

func FuzzWeigh(f *testing.F) {
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01\x30x\x9c\x03\x00\x00\x00\x00\x01"))
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01\x6f\x01"))
	f.Fuzz(func(t *testing.T, pack []byte) {
		if _, err := unpack(pack, limits{content: 1 << 20, objects: 1000}); err == nil && len(pack) < 12 {
			t.Error("something shorter than a header is taken")
		}
	})
}
