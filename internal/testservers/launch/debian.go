package launch

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// need is something that the tests use and a Debian package that has it.
type need struct {
	paths []string // found if one of these patterns matches a file
	pkgs  []string
}

// needs are all that a fresh Debian 12 with Go may lack.
var needs = []need{
	{[]string{"/usr/bin/gcc"}, []string{"gcc", "libc6-dev"}}, // the race detector links with it
	{[]string{"/usr/bin/git"}, []string{"git"}},
	{[]string{"/usr/bin/ssh-keygen"}, []string{"openssh-client"}},
	{[]string{rabbitBin + "/rabbitmq-server"}, []string{"rabbitmq-server"}},
	{[]string{postgresBins}, []string{"postgresql"}},
	{[]string{"/usr/lib/jvm/*/bin/javac"}, []string{"openjdk-17-jdk-headless"}},
	{[]string{"/usr/bin/mvn", "/opt/*/bin/mvn", "/usr/local/bin/mvn"}, []string{"maven"}},
	{[]string{"/usr/bin/python3", "/usr/local/bin/python3"}, []string{"python3"}},
	{[]string{"/usr/lib/python3*/ensurepip/__init__.py", "/usr/local/lib/python3*/ensurepip/__init__.py"}, []string{"python3-venv"}},
}

// Missing lists the Debian packages that are needed and not here.
func Missing() []string {
	var pkgs []string
	for _, n := range needs {
		if !n.here() {
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
// bring. It needs root.
func Install(ctx context.Context, pkgs []string, log io.Writer) error {
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
	_, err = run(ctx, apt(append([]string{"install", "-y", "--no-install-recommends"}, pkgs...)...))
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
