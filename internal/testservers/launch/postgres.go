package launch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"verdict/internal/testservers"
)

// postgresBins has PostgreSQL's programs; Debian keeps one folder a version.
const postgresBins = "/usr/lib/postgresql/*/bin"

// startPostgres starts a PostgreSQL on loopback with a data folder of its own.
// PostgreSQL refuses to run as root: then it runs as the user postgres. Its
// data is thrown away, so nothing is synced to disk.
func startPostgres(ctx context.Context, s *Servers) error {
	bins, err := filepath.Glob(postgresBins)
	if err != nil || len(bins) == 0 {
		return fmt.Errorf("no PostgreSQL in %s", postgresBins)
	}
	bin := bins[len(bins)-1]
	owner, err := postgresUser()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "postgres")
	data, pwfile := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(pwfile, []byte("pw"), 0o644); err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	as := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env = "/", []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "PGPASSWORD=pw"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
		return cmd
	}
	if _, err := run(ctx, as("initdb", "-D", data, "-U", "verdict", "--pwfile", pwfile, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")); err != nil {
		return err
	}
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	port := strconv.Itoa(ports[0])
	server := as("postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300")
	proc, err := s.start(program{
		Name: "PostgreSQL", Path: server.Path, Args: server.Args[1:], Dir: server.Dir, Env: server.Env, User: owner,
		Log: filepath.Join(s.dir, "postgres.log"), Stop: syscall.SIGQUIT,
	})
	if err != nil {
		return err
	}
	accepts := func(ctx context.Context) bool {
		_, err := run(ctx, as("pg_isready", "-h", "127.0.0.1", "-p", port))
		return err == nil
	}
	if err := proc.wait(ctx, accepts); err != nil {
		return err
	}
	if _, err := run(ctx, as("createdb", "-h", "127.0.0.1", "-p", port, "-U", "verdict", "verdict")); err != nil {
		return err
	}
	s.set(testservers.PostgresURL, fmt.Sprintf("postgres://verdict:pw@127.0.0.1:%s/verdict?sslmode=disable", port))
	return nil
}

// postgresUser is whom PostgreSQL runs as: nil for the user who runs this.
func postgresUser() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("find whom PostgreSQL may run as: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
