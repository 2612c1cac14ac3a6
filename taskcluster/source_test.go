package taskcluster_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// tokenFile are credentials whose token is in a file; write changes it.
func tokenFile(t *testing.T, token string) (source *taskcluster.RotatingCredentials, write func(string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	write = func(token string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(token)
	return &taskcluster.RotatingCredentials{ClientID: "bot", AccessToken: func() (string, error) {
		text, err := os.ReadFile(path)
		return string(text), err
	}}, write
}

// askAs makes a call whose signature the service checks.
func askAs(t *testing.T, server *taskclustertest.Server, source taskcluster.CredentialSource) error {
	t.Helper()
	client := taskcluster.NewClient(nil, server.URL, "queue")
	client.Source, client.Authenticate = source, true
	err := client.Do(t.Context(), taskcluster.Call{Name: "status", Path: "/task/" + taskcluster.NewID() + "/status"}, nil)
	if errors.Is(err, taskcluster.ErrNotFound) {
		return nil // the signature was good
	}
	return err
}

func TestCredentialsAreReadAgainWhenTheirFileChanges(t *testing.T) {
	for _, c := range []struct {
		name     string
		file     string // what is written after the first call
		server   string // the token that the server has from then on
		statuses string // of the calls from then on
		want     error
	}{
		{"nothing changes", "bot-token", "bot-token", "[404]", nil},
		{"both change", "next-token\n", "next-token", "[404]", nil},
		{"the file changes first", "next-token", "bot-token", "[401 404]", nil},
		{"the file is being replaced", "", "bot-token", "[404]", nil},
		{"the server changes, nobody tells", "bot-token", "next-token", "[401]", taskcluster.ErrAuth},
		{"neither token is good", "typo", "next-token", "[401 401]", taskcluster.ErrAuth},
	} {
		server := newServer(t, taskclustertest.Config{})
		source, write := tokenFile(t, "bot-token")
		if err := askAs(t, server, source); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		write(c.file)
		server.AddClient("bot", c.server, team...)
		if err := askAs(t, server, source); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		var statuses []int
		for _, call := range server.Calls()[1:] {
			statuses = append(statuses, call.Status)
		}
		if fmt.Sprint(statuses) != c.statuses {
			t.Errorf("%s: answers %v, want %s", c.name, statuses, c.statuses)
		}
	}
}

func TestATokenThatWasNeverThereIsToldBeforeSending(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	missing := &taskcluster.RotatingCredentials{ClientID: "bot", AccessToken: func() (string, error) {
		return "", fmt.Errorf("open token: %w", os.ErrNotExist)
	}}
	empty, _ := tokenFile(t, " \n")
	for name, source := range map[string]taskcluster.CredentialSource{"missing": missing, "empty": empty} {
		if err := askAs(t, server, source); err == nil || errors.Is(err, taskcluster.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := len(server.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestARefusalIsAnsweredByAnotherTokenOnceOnly(t *testing.T) {
	read := 0
	source := &taskcluster.RotatingCredentials{ClientID: "bot", AccessToken: func() (string, error) {
		read++
		return fmt.Sprint("token ", read), nil
	}}
	server := record(t, answering(http.StatusUnauthorized, asJSON, `{"code":"AuthenticationFailed","message":"Bad mac"}`))
	client := taskcluster.NewClient(nil, server.URL, "queue")
	client.Source, client.Authenticate = source, true
	if err := client.Do(t.Context(), ping, nil); !errors.Is(err, taskcluster.ErrAuth) || len(server.got()) != 2 {
		t.Errorf("got %v after %d requests, want a refusal after 2", err, len(server.got()))
	}
}
