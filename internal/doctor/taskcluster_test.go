package doctor

import (
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// deployment is a Taskcluster on which nobody may do anything without a client, and anonymous may as little as is said.
func deployment(t *testing.T, config taskclustertest.Config, anonymous ...string) *taskclustertest.Server {
	t.Helper()
	s, err := taskclustertest.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.SetRole("anonymous", anonymous...)
	return s
}

func examined(t *testing.T, s *taskclustertest.Server, token string) Report {
	t.Helper()
	return Taskcluster{
		RootURL: s.URL, ClientID: "verdict", Needed: []string{"auth:create-client:verdict/*", "queue:create-task:low:gfx/ci", "queue:get-task:*"},
		Credentials: &taskcluster.Credentials{ClientID: "verdict", AccessToken: token},
	}.Examine(t.Context())
}

func TestTaskclusterIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		anonymous, scopes []string
		want              string
	}{
		"fine": {nil, []string{"auth:current-scopes", "auth:create-client:verdict/*", "queue:create-task:*", "queue:get-task:*"},
			"fine credentials: verdict\nfine scopes: 3 scopes, all that bot scopes lists\n"},
		"may not ask": {nil, []string{"queue:get-task:*"},
			"fine credentials: verdict\nnote scopes: the client may not ask which scopes it has, so they can't be compared with those that it needs\n"},
		"lacks some": {[]string{"auth:current-scopes"}, []string{"queue:get-task:*"},
			"fine credentials: verdict\n" +
				"missing scopes: auth:create-client:verdict/* is missing: no task can be created with credentials of its own\n" +
				"missing scopes: queue:create-task:low:gfx/ci is missing, which the bot or a team's grant needs\n"},
	} {
		s := deployment(t, taskclustertest.Config{}, c.anonymous...)
		s.AddClient("verdict", "t0ken", c.scopes...)
		r := examined(t, s, "t0ken")
		if got, want := lines(r), "fine connect: "+s.URL+" answers\n"+c.want; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		told(t, r)
	}
}

func TestTaskclusterThatDoesNotKnowUsOrIsAway(t *testing.T) {
	s := deployment(t, taskclustertest.Config{}, "auth:current-scopes")
	s.AddClient("verdict", "t0ken", "queue:get-task:*")
	r := examined(t, s, "another")
	if got := lines(r); !strings.Contains(got, "missing credentials: the access token of verdict isn't accepted: ") || strings.Contains(got, "scopes:") {
		t.Errorf("a wrong token: got\n%s", got)
	}
	told(t, r)
	s.Close()
	r = examined(t, s, "t0ken")
	if got := lines(r); !strings.HasPrefix(got, "missing connect: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("away: got\n%s", got)
	}
	told(t, r)
}

func TestTaskclustersClockIsCompared(t *testing.T) {
	s := deployment(t, taskclustertest.Config{})
	r := examined(t, s, "t0ken")
	if i := index(r, "clock"); i < 0 || r[i].Level != Fine {
		t.Errorf("got %+v", r)
	}
	if taskclusterSkew >= time.Minute {
		t.Errorf("a clock that is wrong by %s is fine, and a signature is good for a minute", taskclusterSkew)
	}
}
