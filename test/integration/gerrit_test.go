package integration

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"verdict/internal/testservers"
)

// review is a project of one test's own on the real Gerrit, as alice has it
// cloned.
type review struct {
	url     string
	project string
	clone   string
}

func newReview(t *testing.T) *review {
	t.Helper()
	r := &review{url: testservers.Gerrit(t), project: "it/" + strings.ToLower(rand.Text()[:8]), clone: t.TempDir()}
	r.call(t, http.MethodPut, "/projects/"+url.PathEscape(r.project), `{"create_empty_commit":true,"branches":["main"]}`, nil)
	remote := strings.Replace(r.url, "//", "//alice:"+testservers.Accounts["alice"]+"@", 1) + "/a/" + r.project
	r.git(t, "clone", "-q", remote, ".")
	r.git(t, "checkout", "-q", "-b", "work", "origin/main")
	return r
}

// pushed is a patchset that alice pushed.
type pushed struct {
	number   int
	revision string
	changeID string
}

// push makes a change of one file, or its next patchset where changeID names
// one.
func (r *review) push(t *testing.T, changeID, content string) pushed {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.clone, "shader.txt"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	r.git(t, "add", "-A")
	if changeID == "" {
		changeID = fmt.Sprintf("I%x", []byte(rand.Text()[:20]))
		r.git(t, "commit", "-q", "-m", "Faster shaders\n\nChange-Id: "+changeID)
	} else {
		r.git(t, "commit", "-q", "--amend", "--no-edit")
	}
	r.git(t, "push", "-q", "origin", "HEAD:refs/for/main")
	c := r.change(t, changeID)
	return pushed{number: c.Number, revision: c.CurrentRevision, changeID: changeID}
}

func (r *review) git(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.clone
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Alice Author", "GIT_AUTHOR_EMAIL=alice@example.com",
		"GIT_COMMITTER_NAME=Alice Author", "GIT_COMMITTER_EMAIL=alice@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// change is what Gerrit says of a change, as far as the stories ask.
type change struct {
	Number          int    `json:"_number"`
	CurrentRevision string `json:"current_revision"`
	Hashtags        []string
	Labels          map[string]struct {
		All []struct {
			Username string
			Value    int
		}
	}
	Messages []struct {
		Author   struct{ Username string }
		Message  string
		Tag      string
		Patchset int `json:"_revision_number"`
	}
}

// change reads a change by its Change-Id.
func (r *review) change(t *testing.T, changeID string) change {
	t.Helper()
	id := url.PathEscape(r.project) + "~main~" + changeID
	var c change
	r.call(t, http.MethodGet, "/changes/"+id+"/detail?o=CURRENT_REVISION", "", &c)
	return c
}

// vote is what the bot's account says by a label; 0 where it says nothing.
func (c change) vote(label string) int {
	for _, v := range c.Labels[label].All {
		if v.Username == "ci-bot" {
			return v.Value
		}
	}
	return 0
}

// call asks Gerrit as the administrator.
func (r *review) call(t *testing.T, method, path, body string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+"/a"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", testservers.Accounts["admin"])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s (%v)", method, path, resp.Status, answer, err)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(bytes.TrimPrefix(answer, []byte(")]}'\n")), out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, answer)
	}
}
