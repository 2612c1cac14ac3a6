package app

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/internal/config"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

func TestAuthSaysWhatARoleGives(t *testing.T) {
	tc, err := taskclustertest.NewServer(taskclustertest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tc.Close)
	tc.SetRole("project:gfx", "queue:create-task:low:gfx/*", "assume:project:more")
	tc.SetRole("project:more", "queue:route:index.gfx.*")
	dir := folder(t, map[string]string{
		"config.yaml": "gerrit: {main: {url: 'http://127.0.0.1:1', user: u, tokenFile: token}}\ntaskcluster: {rootURL: '" + tc.URL + "', clientId: verdict, accessTokenFile: token}\n",
		"token":       "t0ken\n",
	})
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ask := (&bot{cfg: cfg}).roles(nil)

	tc.AddClient("verdict", "t0ken", "auth:expand-scopes")
	given, err := ask(t.Context(), "assume:project:gfx")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"assume:project:gfx", "queue:create-task:low:gfx/*", "queue:route:index.gfx.*"} {
		if !slices.Contains(given, want) {
			t.Errorf("the role gives %v, want %s among it", given, want)
		}
	}
	tc.AddClient("verdict", "t0ken", "queue:*")
	if _, err := ask(t.Context(), "assume:project:gfx"); !errors.Is(err, taskcluster.ErrScopes) || !strings.Contains(err.Error(), "auth.expandScopes") {
		t.Errorf("without the scope for it: %v", err)
	}
}
