// Package testservers tells tests where the real servers are that they ask
// for: RabbitMQ, PostgreSQL, Gerrit, and a Python with Taskcluster's own
// packages. It starts none of them: its cmd does, before the tests run, and
// says by environment variables where they are. A test whose server isn't
// there is skipped and says how to get it; where Require is set it fails.
package testservers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// The environment variables by which a running server is told to tests.
const (
	AMQPURL       = "VERDICT_TEST_AMQP_URL"       // amqp://127.0.0.1:port; administrator guest:guest
	RabbitMQCtl   = "VERDICT_TEST_RABBITMQCTL"    // a script that takes rabbitmqctl's arguments
	PostgresURL   = "VERDICT_TEST_POSTGRES_URL"   // postgres://user:password@127.0.0.1:port/verdict, may create databases
	GerritURL     = "VERDICT_TEST_GERRIT_URL"     // http://127.0.0.1:port; accounts as Accounts says
	GerritSSHAddr = "VERDICT_TEST_GERRIT_SSH"     // 127.0.0.1:port
	GerritSSHDir  = "VERDICT_TEST_GERRIT_SSH_DIR" // folder with known_hosts, and ci-bot's and admin's private keys under their names
	PythonPath    = "VERDICT_TEST_PYTHON"         // an interpreter that imports taskcluster and mohawk
	Require       = "VERDICT_TEST_REQUIRE"        // 1: a server that is missing fails the test
)

// Accounts are the names and HTTP passwords of the test Gerrit: admin may do
// all; ci-bot is a service user that may vote Verified, edit hashtags and
// abandon; alice pushes changes; bob may not vote Verified.
var Accounts = map[string]string{
	"admin":  "secret",
	"ci-bot": "bot-secret",
	"alice":  "alice-secret",
	"bob":    "bob-secret",
}

// SSHAccounts are those of Accounts that may log in by SSH.
var SSHAccounts = []string{"admin", "ci-bot"}

// KnownHosts is the file of the server's keys in the folder GerritSSHDir.
const KnownHosts = "known_hosts"

// AMQP gives the URL of a real RabbitMQ, without credentials: guest:guest
// administers it.
func AMQP(t testing.TB) string { return need(t, "RabbitMQ", AMQPURL) }

// Postgres gives the URL of a real PostgreSQL whose user may create databases.
// The database that it names is shared: a test takes one of its own.
func Postgres(t testing.TB) string { return need(t, "PostgreSQL", PostgresURL) }

// OwnPostgres makes a PostgreSQL database for one test, which ends with it, and
// gives its URL, with user and password.
func OwnPostgres(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u.Path = "/" + name
	return u
}

// Gerrit gives the URL of a real Gerrit, without a slash at the end. It has
// the accounts of Accounts, the projects demo and infra/tools/demo, and the
// label Verified -1..+1, copied by changekind:NO_CODE_CHANGE.
func Gerrit(t testing.TB) string { return need(t, "Gerrit", GerritURL) }

// SSH is where a Gerrit's SSH listens, and files with what a client needs.
type SSH struct {
	Addr           string
	KnownHostsFile string            // has the server's keys
	KeyFiles       map[string]string // the private keys of ci-bot and admin
}

// GerritSSH gives the SSH of the same Gerrit.
func GerritSSH(t testing.TB) SSH {
	t.Helper()
	s := SSH{Addr: need(t, "Gerrit", GerritSSHAddr), KeyFiles: map[string]string{}}
	dir := need(t, "Gerrit", GerritSSHDir)
	s.KnownHostsFile = filepath.Join(dir, KnownHosts)
	for _, account := range SSHAccounts {
		s.KeyFiles[account] = filepath.Join(dir, account)
	}
	return s
}

// Python gives the path of an interpreter that has the packages taskcluster
// and mohawk.
func Python(t testing.TB) string { return need(t, "Python environment", PythonPath) }

// Rabbit runs rabbitmqctl on the test's RabbitMQ and gives what it printed.
func Rabbit(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(need(t, "RabbitMQ", RabbitMQCtl), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("rabbitmqctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// PulseUser adds a user with the rights that pulse gives to a user: configure
// and write what is named after it, read that and every exchange. It is
// deleted when the test ends.
func PulseUser(t testing.TB) (name, password string) {
	t.Helper()
	name, password = "u"+strings.ToLower(rand.Text()[:10]), rand.Text()
	own := fmt.Sprintf("^(queue/%s/.*|exchange/%s/.*)", name, name)
	Rabbit(t, "add_user", name, password)
	t.Cleanup(func() { Rabbit(t, "delete_user", name) })
	Rabbit(t, "set_permissions", "-p", "/", name, own, own, fmt.Sprintf("^(queue/%s/.*|exchange/.*)", name))
	return name, password
}

// need gives the value of an environment variable, or ends the test.
func need(t testing.TB, server, variable string) string {
	t.Helper()
	if v := os.Getenv(variable); v != "" {
		return v
	}
	how := fmt.Sprintf("no %s (%s is not set): run `make test`, or `go run ./internal/testservers/cmd up -- go test ./...`", server, variable)
	if os.Getenv(Require) == "1" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}
