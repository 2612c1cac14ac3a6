package config

import (
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// scpForm is user@host:path, as git takes it.
var scpForm = regexp.MustCompile(`^[^/@:\s]+@[^/@:\s]+:[^\s]+$`)

// leastEvery spares the server.
const leastEvery = 5 * time.Second

// rules checks where rules come from.
func (k *checker) rules(r *Rules) {
	k.notEmpty(r.Dir, "rules", "dir")
	k.notEmpty(r.Teams, "rules", "teams")
	g := r.Git
	if g.URL == "" {
		return
	}
	k.notEmpty(g.Branch, "rules", "git", "branch")
	if g.Every < leastEvery {
		k.add("the repository would be asked too often", "write 5s or more", "rules", "git", "every")
	}
	inside := func(name, key string) {
		if clean := path.Clean(name); clean == ".." || strings.HasPrefix(clean, "../") {
			k.add("with rules.git this is a path in the repository, and can't lead out of it", "", "rules", key)
		}
	}
	if filepath.IsAbs(r.Dir) {
		k.add("with rules.git this is a folder in the repository", "write it as rules, or . for all of it", "rules", "dir")
	}
	inside(r.Dir, "dir")
	inside(r.Teams, "teams")
	k.gitURL(g)
}

func (k *checker) gitURL(g RulesGit) {
	ssh := scpForm.MatchString(g.URL) && !strings.Contains(g.URL, "://")
	if !ssh {
		if file, ok := strings.CutPrefix(g.URL, "file://"); ok {
			if !filepath.IsAbs(file) {
				k.add("a file:// URL has an absolute path", "write it as file:///srv/git/rules.git", "rules", "git", "url")
			}
			return
		}
		u := k.url(g.URL, []string{"https", "ssh", "http"}, "rules", "git", "url")
		if u == nil {
			return
		}
		k.noPassword(u, "keyFile", "rules", "git", "url")
		k.gitWeb(u, g)
		ssh = u.Scheme == "ssh"
		if ssh && u.User.Username() == "" {
			k.add("the URL names no user", "write it as ssh://user@host/path", "rules", "git", "url")
		}
	}
	if ssh {
		k.notEmpty(g.KeyFile, "rules", "git", "keyFile")
		k.notEmpty(g.KnownHostsFile, "rules", "git", "knownHostsFile")
	}
}

func (k *checker) gitWeb(u *url.URL, g RulesGit) {
	if u.Scheme == "http" && !loopback(u) {
		k.warn("http:// lets anybody on the way change the rules", "rules", "git", "url")
	}
	if u.Scheme != "ssh" && g.KeyFile != "" && u.User.Username() == "" {
		k.add("keyFile holds a password, and the URL names no user", "write it as https://user@host/path", "rules", "git", "url")
	}
}
