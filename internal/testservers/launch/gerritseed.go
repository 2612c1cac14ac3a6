package launch

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"verdict/internal/testservers"
)

//go:embed gerritseed.go
var seedSource string // a changed seed makes a new site

// prepare gives a folder with an initialised and seeded site, and the
// class-data archive with which the server starts in half the time.
func (r gerritRelease) prepare(ctx context.Context, jars string) (dir string, err error) {
	name := fmt.Sprintf("gerrit-%s-site-%s", r.version, fingerprint(filepath.Base(jars), r.jdk, seedSource))
	return cached(name, func(dir string) error {
		site := gerritSite{dir: filepath.Join(dir, "site"), jars: jars, release: r}
		if err := site.initialise(ctx); err != nil {
			return err
		}
		if err := site.choosePorts(ctx); err != nil {
			return err
		}
		// Where the archive will be used is a path of its own: it is written at the end.
		p, err := site.daemon("-XX:ArchiveClassesAtExit=" + filepath.Join(dir, "daemon.jsa"))
		if err != nil {
			return err
		}
		proc, err := start(p)
		if err != nil {
			return err
		}
		defer proc.end(time.Minute)
		if err := proc.wait(ctx, site.ready); err != nil {
			return err
		}
		return site.seed(ctx)
	})
}

// initialise makes the site's folder. In development mode it has an
// administrator, admin, with the HTTP password secret.
func (g *gerritSite) initialise(ctx context.Context) error {
	if err := g.configure(ctx,
		"gerrit.basePath", "git",
		"gerrit.installCommitMsgHook", "false",
		"auth.type", "DEVELOPMENT_BECOME_ANY_ACCOUNT",
		"sendemail.enable", "false",
		"index.type", "LUCENE",
		"index.autoReindexIfStale", "false",
		"cache.directory", "cache"); err != nil {
		return err
	}
	args, err := g.release.command(g.jars)
	if err != nil {
		return err
	}
	args = append(args, "Run", "Init", "--batch", "--dev", "--no-auto-start", "--skip-plugins", "--skip-all-downloads", "-d", g.dir)
	cmd := exec.Command(filepath.Join(g.release.jdk, "bin/java"), args...)
	cmd.Env = g.environment()
	_, err = run(ctx, cmd)
	return err
}

// seed makes what tests expect: accounts, the label Verified and who may vote
// it, and two projects.
func (g *gerritSite) seed(ctx context.Context) error {
	if err := g.seedAccounts(ctx); err != nil {
		return err
	}
	if err := g.seedRights(ctx); err != nil {
		return err
	}
	for _, project := range []string{"demo", "infra/tools/demo"} {
		in := map[string]any{"create_empty_commit": true, "branches": []string{"main", "release/1.0"}}
		if err := g.call(ctx, http.MethodPut, "/projects/"+url.PathEscape(project), in, nil); err != nil {
			return err
		}
	}
	return nil
}

func (g *gerritSite) seedAccounts(ctx context.Context) error {
	for name, input := range map[string]map[string]any{
		"ci-bot": {"name": "CI Bot", "groups": []string{"Service Users"}},
		"alice":  {"name": "Alice Author"},
		"bob":    {"name": "Bob NoVote"},
	} {
		input["email"] = name + "@example.com"
		input["http_password"] = testservers.Accounts[name]
		if err := g.call(ctx, http.MethodPut, "/accounts/"+name, input, nil); err != nil {
			return err
		}
	}
	return g.seedKeys(ctx)
}

// seedKeys makes the SSH keys of those who may log in so.
func (g *gerritSite) seedKeys(ctx context.Context) error {
	dir := filepath.Join(g.dir, sshKeys)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, account := range testservers.SSHAccounts {
		key := filepath.Join(dir, account)
		if _, err := run(ctx, exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", account, "-f", key)); err != nil {
			return err
		}
		public, err := os.ReadFile(key + ".pub")
		if err != nil {
			return err
		}
		if err := g.call(ctx, http.MethodPost, "/accounts/"+account+"/sshkeys", string(public), nil); err != nil {
			return err
		}
	}
	return nil
}

// seedRights pushes a project.config for all projects. Gerrit 3.13 gives
// nobody push on refs/meta/config, so that is granted first, by REST.
func (g *gerritSite) seedRights(ctx context.Context) error {
	var admins struct{ ID string }
	if err := g.call(ctx, http.MethodGet, "/groups/Administrators", nil, &admins); err != nil {
		return err
	}
	allow := map[string]any{"rules": map[string]any{admins.ID: map[string]string{"action": "ALLOW"}}}
	if err := g.call(ctx, http.MethodPost, "/projects/All-Projects/access", map[string]any{
		"add": map[string]any{"refs/meta/config": map[string]any{"permissions": map[string]any{"push": allow}}},
	}, nil); err != nil {
		return err
	}

	work, err := os.MkdirTemp("", "verdict-test-seed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	remote := strings.Replace(g.url(), "//", "//admin:"+testservers.Accounts["admin"]+"@", 1) + "/a/All-Projects"
	if err := git(ctx, work, "init", "-q"); err != nil {
		return err
	}
	if err := git(ctx, work, "fetch", "-q", remote, "refs/meta/config"); err != nil {
		return err
	}
	if err := git(ctx, work, "checkout", "-q", "FETCH_HEAD"); err != nil {
		return err
	}
	heads := "access.refs/heads/*."
	for _, pair := range [][2]string{
		{"label.Verified.function", "NoBlock"},
		{"label.Verified.defaultValue", "0"},
		{"label.Verified.value", "-1 Fails"},
		{"label.Verified.value", "0 No score"},
		{"label.Verified.value", "+1 Verified"},
		{"label.Verified.copyCondition", "changekind:NO_CODE_CHANGE"},
		{heads + "label-Verified", "-1..+1 group Service Users"},
		{heads + "label-Verified", "-1..+1 group Administrators"},
		{heads + "editHashtags", "group Service Users"},
		{heads + "editHashtags", "group Administrators"},
		{heads + "abandon", "group Service Users"},
		{heads + "push", "group Administrators"},
	} {
		if err := git(ctx, work, "config", "-f", "project.config", "--add", pair[0], pair[1]); err != nil {
			return err
		}
	}
	if err := git(ctx, work, "commit", "-q", "-a", "-m", "The label Verified, and who may vote it"); err != nil {
		return err
	}
	return git(ctx, work, "push", "-q", remote, "HEAD:refs/meta/config")
}

// git runs git in a folder, as the administrator and with no configuration of
// the user's.
func git(ctx context.Context, dir string, args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Administrator", "GIT_AUTHOR_EMAIL=admin@example.com",
		"GIT_COMMITTER_NAME=Administrator", "GIT_COMMITTER_EMAIL=admin@example.com")
	_, err := run(ctx, cmd)
	return err
}

// call asks Gerrit's REST API as the administrator. A string goes as text,
// anything else as JSON.
func (g *gerritSite) call(ctx context.Context, method, path string, in, out any) error {
	kind, body := "text/plain", []byte(nil)
	switch in := in.(type) {
	case string:
		body = []byte(in)
	default:
		kind = "application/json"
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, g.url()+"/a"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth("admin", testservers.Accounts["admin"])
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(bytes.TrimPrefix(answer, []byte(")]}'\n")), out)
}
