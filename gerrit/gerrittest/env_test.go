package gerrittest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

// env is a Gerrit, the fake or the real one, with what the cases need of it:
// the accounts of testservers.Accounts.
type env struct {
	url                    string
	admin, bot, alice, bob *gerrit.Client
	host                   host
	shared                 string // a project for cases that look at their own change only
}

// host does what no REST call does.
type host interface {
	newProject(t *testing.T) string
	push(t *testing.T, p push) pushed
	// pushMany pushes a chain of so many changes to a project of its own.
	pushMany(t *testing.T, n int) (project string)
	shell(t *testing.T) shell
}

// push is a push by alice. Without on it is a new change.
type push struct {
	project string
	on      pushed
	subject string            // as before when empty
	files   map[string]string // as before when nil
	options string            // such as "%wip"
}

type pushed struct {
	number, patchset         int
	project, changeID, title string
	revision                 string
	files                    map[string]string
}

// id is what calls want as a change's id.
func (p pushed) id() string { return fmt.Sprintf("%s~%d", p.project, p.number) }

// path is the id as it stands in a path.
func (p pushed) path() string {
	return "/changes/" + url.QueryEscape(p.project) + fmt.Sprintf("~%d", p.number)
}

func newEnv(url string, h host) *env {
	as := func(name string) *gerrit.Client {
		return gerrit.NewClient(url, gerrit.BasicAuth(name, testservers.Accounts[name]))
	}
	return &env{url: url, host: h, admin: as("admin"), bot: as("ci-bot"), alice: as("alice"), bob: as("bob")}
}

// change pushes a new change with one file. Others may be in its project.
func (e *env) change(t *testing.T) pushed {
	t.Helper()
	return e.pushShared(t, push{subject: "A change", files: map[string]string{"a.txt": "one\ntwo\n"}})
}

func (e *env) pushShared(t *testing.T, p push) pushed {
	t.Helper()
	if e.shared == "" {
		e.shared = e.host.newProject(t)
	}
	p.project = e.shared
	return e.host.push(t, p)
}

// detail is the change as ci-bot sees it.
func (e *env) detail(t *testing.T, p pushed) *gerrit.ChangeInfo {
	t.Helper()
	c, err := e.bot.GetChangeDetail(t.Context(), p.id(), gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lastMessage is the change's last message.
func (e *env) lastMessage(t *testing.T, p pushed) gerrit.ChangeMessageInfo {
	t.Helper()
	m := e.detail(t, p).Messages
	return m[len(m)-1]
}

// vote is what an account has on the current patch set.
func (e *env) vote(t *testing.T, p pushed, label, username string) int {
	t.Helper()
	for _, a := range e.detail(t, p).Labels[label].All {
		if a.Username == username {
			return a.Value
		}
	}
	return 0
}

// review posts a review by ci-bot on the current patch set.
func (e *env) review(t *testing.T, p pushed, in gerrit.ReviewInput) {
	t.Helper()
	if err := e.bot.SetReview(t.Context(), p.id(), "current", in); err != nil {
		t.Fatal(err)
	}
}

// raw makes a request without the client. The path has no /a before it; user
// "" is nobody.
func (e *env) raw(t *testing.T, user, method, path, body string) (status int, text string) {
	t.Helper()
	prefix := ""
	if user != "" {
		prefix = "/a"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, e.url+prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, testservers.Accounts[user])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return e.send(t, req)
}

func (e *env) send(t *testing.T, req *http.Request) (status int, text string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(b))
}

// answers expects an answer: its status and, if it isn't "", its text. It gives
// the text.
func (e *env) answers(t *testing.T, user, method, path, body string, status int, text string) string {
	t.Helper()
	gotStatus, got := e.raw(t, user, method, path, body)
	if gotStatus != status || text != "" && got != text {
		t.Errorf("%s %s %s: got %d %q, want %d %q", user, method, path, gotStatus, got, status, text)
	}
	return got
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// object reads an answer.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, ")]}'")), &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// fake is the host of gerrittest.
type fake struct{ s *gerrittest.Server }

func newFake(t *testing.T, config gerrittest.Config) (*env, *gerrittest.Server) {
	t.Helper()
	s := gerrittest.NewServer(config)
	t.Cleanup(s.Close)
	return newEnv(s.URL(), fake{s}), s
}

func (f fake) newProject(*testing.T) string {
	name := "sub/" + strings.ToLower(rand.Text()[:8]) + "+x"
	f.s.AddProject(name, "main")
	return name
}

func (f fake) push(t *testing.T, p push) pushed {
	in := gerrittest.Push{
		Change: p.on.number, Project: p.project, Subject: p.subject, Files: p.files,
		WIP: p.options == "%wip", Private: p.options == "%private",
	}
	if tag, ok := strings.CutPrefix(p.options, "%hashtag="); ok {
		in.Hashtags = []string{tag}
	}
	if p.on.number != 0 && p.files != nil {
		in.Files = merged(p.on.files, p.files)
	}
	made := f.s.Push(in)
	c := f.s.Change(made.Change)
	return pushed{
		number: made.Change, patchset: made.Number, project: c.Project, changeID: c.ChangeID, title: c.Subject,
		revision: made.Revision, files: merged(p.on.files, p.files),
	}
}

func (f fake) pushMany(_ *testing.T, n int) string {
	project, parent := f.newProject(nil), ""
	for i := range n {
		parent = f.s.Push(gerrittest.Push{Project: project, Subject: fmt.Sprintf("Number %d", i), Files: map[string]string{fmt.Sprint(i): "x\n"}, Parent: parent}).Revision
	}
	return project
}

func merged(a, b map[string]string) map[string]string {
	m := map[string]string{}
	for _, from := range []map[string]string{a, b} {
		for k, v := range from {
			m[k] = v
		}
	}
	return m
}

// real is the host of a real Gerrit: it pushes by git.
type real struct {
	url string
	dir string // one clone for each project
}

func newReal(t *testing.T) *env {
	t.Helper()
	url := testservers.Gerrit(t)
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	return newEnv(url, &real{url: url, dir: t.TempDir()})
}

func (r *real) newProject(t *testing.T) string {
	t.Helper()
	name := "sub/" + strings.ToLower(rand.Text()[:8]) + "+x"
	e := &env{url: r.url}
	status, text := e.raw(t, "admin", http.MethodPut, "/projects/"+url.QueryEscape(name), `{"create_empty_commit":true,"branches":["main"]}`)
	if status != http.StatusCreated {
		t.Fatalf("create project %s: %d %s", name, status, text)
	}
	return name
}

var changeNumber = regexp.MustCompile(`/\+/(\d+)`)

func (r *real) push(t *testing.T, p push) pushed {
	t.Helper()
	made := p.on
	if p.on.number == 0 {
		made = pushed{project: p.project, changeID: fmt.Sprintf("I%x", sha1.Sum([]byte(rand.Text())))}
	}
	dir := filepath.Join(r.dir, url.PathEscape(made.project))
	if _, err := os.Stat(dir); err != nil {
		remote := strings.Replace(r.url, "//", "//alice:"+testservers.Accounts["alice"]+"@", 1) + "/a/" + made.project
		r.git(t, r.dir, "clone", "-q", remote, dir)
	}
	base, amend := "origin/main", []string{}
	if p.on.number != 0 {
		base, amend = p.on.revision, []string{"--amend"}
	}
	r.git(t, dir, "checkout", "-q", "--detach", base)
	for name, text := range p.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if p.subject != "" {
		made.title = p.subject
	}
	r.git(t, dir, "add", "-A")
	// The author's date is another each time, so that the commit is, too.
	date := fmt.Sprintf("--date=@%d +0000", 1600000000+made.patchset)
	r.git(t, dir, append([]string{"commit", "-q", "--allow-empty", date, "-m", made.title + "\n\nChange-Id: " + made.changeID + "\n"}, amend...)...)
	out := r.git(t, dir, "push", "origin", "HEAD:refs/for/main"+p.options)
	made.revision = strings.TrimSpace(r.git(t, dir, "rev-parse", "HEAD"))
	m := changeNumber.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("push says no change:\n%s", out)
	}
	made.number, _ = strconv.Atoi(m[1])
	made.patchset++
	made.files = merged(p.on.files, p.files)
	return made
}

func (r *real) pushMany(t *testing.T, n int) string {
	t.Helper()
	project, dir := r.newProject(t), t.TempDir()
	remote := strings.Replace(r.url, "//", "//alice:"+testservers.Accounts["alice"]+"@", 1) + "/a/" + project
	r.git(t, dir, "clone", "-q", remote, ".")
	var commits strings.Builder
	for i := range n {
		message := fmt.Sprintf("Number %d\n\nChange-Id: I%x\n", i, sha1.Sum([]byte(rand.Text())))
		from := ""
		if i == 0 {
			from = "from refs/remotes/origin/main^0\n"
		}
		fmt.Fprintf(&commits, "commit refs/heads/many\ncommitter Alice Author <alice@example.com> %d +0000\ndata %d\n%s\n%sM 100644 inline %d\ndata 2\nx\n\n", 1600000000+i, len(message), message, from, i)
	}
	r.gitReading(t, dir, strings.NewReader(commits.String()), "fast-import", "--quiet")
	r.git(t, dir, "push", "-q", "origin", "many:refs/for/main")
	return project
}

func (r *real) git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return r.gitReading(t, dir, nil, args...)
}

func (r *real) gitReading(t *testing.T, dir string, in io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "git", args...)
	cmd.Dir, cmd.Stdin = dir, in
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Alice Author", "GIT_AUTHOR_EMAIL=alice@example.com",
		"GIT_COMMITTER_NAME=Alice Author", "GIT_COMMITTER_EMAIL=alice@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, bytes.ReplaceAll(out, []byte(testservers.Accounts["alice"]), []byte("…")))
	}
	return string(out)
}
