package launch

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// need is something that a server, or all tests, use, and the Debian packages
// that have it.
type need struct {
	server string   // "" for all tests
	paths  []string // it is here if one of these patterns matches a file
	pkgs   []string
}

// needs are all that a fresh Debian 12 with Go may lack.
var needs = []need{
	{"", []string{"/usr/bin/gcc"}, []string{"gcc", "libc6-dev"}}, // the race detector links with it
	{"", []string{"/usr/bin/git"}, []string{"git"}},
	{"rabbitmq", []string{rabbitBin + "/rabbitmq-server"}, []string{"rabbitmq-server"}},
	{"postgres", []string{postgresBins}, []string{"postgresql"}},
	{"gerrit", []string{"/usr/lib/jvm/*/bin/javac"}, []string{"openjdk-17-jdk-headless"}},
	{"gerrit", []string{"/usr/bin/mvn", "/usr/local/bin/mvn"}, []string{"maven"}},
	{"gerrit", []string{"/usr/bin/ssh-keygen"}, []string{"openssh-client"}},
	{"python", []string{"/usr/lib/python3*/ensurepip/__init__.py", "/usr/local/lib/python3*/ensurepip/__init__.py"}, []string{"python3-venv"}},
}

// Missing lists the Debian packages that aren't here, of those that the named
// servers and all tests need.
func Missing(servers ...string) []string {
	var pkgs []string
	for _, n := range needs {
		if (n.server == "" || slices.Contains(servers, n.server)) && !n.here() {
			pkgs = append(pkgs, n.pkgs...)
		}
	}
	return pkgs
}

func (n need) here() bool {
	for _, p := range n.paths {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return true
		}
	}
	return false
}

// Install installs Debian packages, without starting any service that they
// bring. It needs root where there is something to install.
func Install(ctx context.Context, pkgs []string, log io.Writer) error {
	if len(pkgs) == 0 {
		return nil
	}
	if os.Getuid() != 0 {
		return fmt.Errorf("missing Debian packages; as root: apt-get install %s", strings.Join(pkgs, " "))
	}
	fmt.Fprintf(log, "installing %s\n", strings.Join(pkgs, " "))
	allow, err := denyServices("/usr/sbin/policy-rc.d")
	if err != nil {
		return err
	}
	defer allow()
	if _, err := run(ctx, apt("update", "-qq")); err != nil {
		return err
	}
	// A dpkg that is killed leaves the machine half configured: wait for it, even if interrupted.
	_, err = run(context.WithoutCancel(ctx), apt(append([]string{"install", "-y", "--no-install-recommends"}, pkgs...)...))
	return err
}

// apt is apt-get that asks nothing and waits for another one to finish.
func apt(args ...string) *exec.Cmd {
	cmd := exec.Command("apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd
}

// denyServices keeps packages from starting their services while they are
// installed (Debian Policy 9.3.3: exit status 101 of policy-rc.d forbids it).
// A policy that the machine already has is left alone.
func denyServices(policy string) (allow func() error, err error) {
	if _, err := os.Stat(policy); err == nil {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
		return nil, fmt.Errorf("forbid services to start: %w", err)
	}
	return func() error { return os.Remove(policy) }, nil
}
