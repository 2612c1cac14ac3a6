package launch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"verdict/internal/testservers"
)

// startGerrit starts a real Gerrit on a copy of a prepared site: copying and
// starting takes seconds, preparing one half a minute.
func startGerrit(ctx context.Context, s *Servers) error {
	release, err := gerritForThisMachine()
	if err != nil {
		return err
	}
	jars, err := release.fetch(ctx)
	if err != nil {
		return err
	}
	prepared, err := release.prepare(ctx, jars)
	if err != nil {
		return err
	}
	site := gerritSite{dir: filepath.Join(s.dir, "gerrit"), jars: jars, release: release}
	// cp keeps modes, which the copied ssh key needs.
	if _, err := run(ctx, exec.Command("cp", "-a", filepath.Join(prepared, "site"), site.dir)); err != nil {
		return err
	}
	if err := site.choosePorts(ctx); err != nil {
		return err
	}
	if err := site.introduce(); err != nil {
		return err
	}
	p, err := site.daemon("-XX:SharedArchiveFile=" + filepath.Join(prepared, "daemon.jsa"))
	if err != nil {
		return err
	}
	proc, err := s.start(p)
	if err != nil {
		return err
	}
	if err := proc.wait(ctx, site.ready); err != nil {
		return err
	}
	s.set(testservers.GerritURL, site.url())
	s.set(testservers.GerritSSHAddr, fmt.Sprintf("127.0.0.1:%d", site.ssh))
	s.set(testservers.GerritSSHDir, filepath.Join(site.dir, sshKeys))
	return nil
}

// sshKeys is the folder in a site's with what SSH clients need.
const sshKeys = "etc/clients"

// gerritSite is a Gerrit's folder and where it listens.
type gerritSite struct {
	dir, jars string
	release   gerritRelease
	http, ssh int
}

func (g *gerritSite) url() string { return fmt.Sprintf("http://127.0.0.1:%d", g.http) }

// choosePorts gives the site free ports and writes them into its
// configuration.
func (g *gerritSite) choosePorts(ctx context.Context) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	g.http, g.ssh = ports[0], ports[1]
	return g.configure(ctx,
		"gerrit.canonicalWebUrl", g.url()+"/",
		"httpd.listenUrl", g.url()+"/",
		"sshd.listenAddress", fmt.Sprintf("127.0.0.1:%d", g.ssh))
}

// introduce writes down the server's SSH keys as a client's known_hosts has
// them.
func (g *gerritSite) introduce() error {
	keys, err := filepath.Glob(filepath.Join(g.dir, "etc/ssh_host_*_key.pub"))
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, file := range keys {
		key, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "[127.0.0.1]:%d %s\n", g.ssh, strings.TrimSpace(string(key)))
	}
	if lines.Len() == 0 {
		return fmt.Errorf("%s has no SSH host key", g.dir)
	}
	return os.WriteFile(filepath.Join(g.dir, sshKeys, testservers.KnownHosts), []byte(lines.String()), 0o644)
}

// configure sets pairs of name and value in gerrit.config.
func (g *gerritSite) configure(ctx context.Context, pairs ...string) error {
	file := filepath.Join(g.dir, "etc/gerrit.config")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	for i := 0; i < len(pairs); i += 2 {
		if _, err := run(ctx, exec.Command("git", "config", "-f", file, pairs[i], pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// daemon is the server itself, without Gerrit's pages.
func (g *gerritSite) daemon(jvm ...string) (program, error) {
	args, err := g.release.command(g.jars, append(jvm, "-Xmx512m")...)
	return program{
		Name: "Gerrit", Path: filepath.Join(g.release.jdk, "bin/java"),
		Args: append(args, "Run", "Daemon", "-d", g.dir, "--console-log", "--headless"),
		Dir:  g.dir, Env: g.environment(), Log: g.dir + ".log", Stop: syscall.SIGTERM,
	}, err
}

// environment keeps JGit from writing into the user's home folder, and from
// reading the user's git configuration.
func (g *gerritSite) environment() []string {
	return append(os.Environ(), "HOME="+g.dir, "XDG_CONFIG_HOME="+filepath.Join(g.dir, "etc"))
}

// ready says whether it is Gerrit that answers: any other answer may be
// another server's on that port.
func (g *gerritSite) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url()+"/config/server/version", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	return err == nil && strings.HasPrefix(string(body), ")]}'")
}
