package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/internal/testservers"
	"verdict/rules"
)

// server is a Gerrit that says what a test wants.
type server struct {
	version      error
	tags         []string
	capabilities gerrit.CapabilityInfo
	projects     []string
	changes      map[string]*gerrit.ChangeInfo // by project; the newest open one
}

func (s *server) Version(context.Context) (string, error) { return "3.13.5", s.version }

func (s *server) GetAccountInfo(context.Context, string) (gerrit.AccountInfo, error) {
	return gerrit.AccountInfo{NumericID: 7, Username: "verdict", Tags: s.tags}, s.version
}

func (s *server) Capabilities(context.Context) (*gerrit.CapabilityInfo, error) {
	return &s.capabilities, nil
}

func (s *server) GetProjects(context.Context, string) (map[string]*gerrit.ProjectInfo, error) {
	all := map[string]*gerrit.ProjectInfo{}
	for _, name := range s.projects {
		all[name] = &gerrit.ProjectInfo{Name: name}
	}
	return all, nil
}

func (s *server) QueryChanges(_ context.Context, q string, _ ...gerrit.QueryChangesOpt) ([]*gerrit.ChangeInfo, error) {
	for name, c := range s.changes {
		if strings.Contains(q, fmt.Sprintf("project:%q", name)) {
			return []*gerrit.ChangeInfo{c}, nil
		}
	}
	return nil, nil
}

const grants = `teams:
  graphics:
    folder: graphics/
    contact: {email: gfx@example.org}
    gerrit:
      - {server: main, projects: [gfx, gone, 'lib/**'], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
      - {server: main, projects: [gfx], branches: [release], labels: {Lint: [-2, 2]}, actions: [vote]}
      - {server: other, projects: [elsewhere], actions: [comment]}
  tools:
    folder: tools/
    contact: {email: tools@example.org}
    gerrit:
      - {server: main, projects: [gfx], labels: {Verified: [-1, 1], Lint: [-1, 0]}, actions: [vote]}
`

func teamsOf(t *testing.T, text string) *rules.Teams {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte(text))
	for _, d := range found {
		t.Fatal(d)
	}
	return teams
}

// gfx is an open change on which the account may do as much as is said.
func gfx(verified []string, actions ...string) *gerrit.ChangeInfo {
	c := &gerrit.ChangeInfo{
		ChangeNumber: 12, Project: "gfx", Branch: "main", Labels: map[string]gerrit.LabelInfo{"Verified": {}},
		PermittedLabels: map[string][]string{"Verified": verified}, Actions: map[string]gerrit.ActionInfo{"followup": {Enabled: true}},
	}
	for _, a := range actions {
		c.Actions[a] = gerrit.ActionInfo{Enabled: true}
	}
	return c
}

// lines are a report, one check a line, without the clock's.
func lines(r Report) string {
	var b strings.Builder
	for _, c := range r {
		if c.About != "clock" {
			fmt.Fprintf(&b, "%s %s: %s\n", c.Level, c.About, c.Text)
		}
	}
	return b.String()
}

func TestGerritIsFine(t *testing.T) {
	s := &server{
		tags: []string{"SERVICE_USER"}, capabilities: gerrit.CapabilityInfo{StreamEvents: true, QueryLimit: &gerrit.QueryLimitInfo{Max: 500}},
		projects: []string{"All-Projects", "gfx", "gone", "lib/a/b"}, changes: map[string]*gerrit.ChangeInfo{"gfx": gfx([]string{"-1", " 0", "+1"}, "hashtags")},
	}
	s.changes["gfx"].Labels["Lint"] = gerrit.LabelInfo{}
	s.changes["gfx"].PermittedLabels["Lint"] = []string{"-1", " 0"}
	got := lines(Gerrit{Name: "main", Client: s, Teams: teamsOf(t, grants)}.Examine(t.Context()))
	const want = `fine version: 3.13.5
fine account: verdict (7), SERVICE_USER
fine queryLimit: 500 changes a page
fine streamEvents: the event stream may be read
fine gfx: Lint -1..0, Verified -1..+1, hashtags (seen on change 12, main)
note gone: read; which votes and hashtags are permitted can't be told, for it has no open change
note lib/a/b: read; which votes and hashtags are permitted can't be told, for it has no open change
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGerritLacksWhatTheBotNeeds(t *testing.T) {
	s := &server{
		capabilities: gerrit.CapabilityInfo{QueryLimit: &gerrit.QueryLimitInfo{Max: 50}, AdministrateServer: true},
		projects:     []string{"gfx"}, changes: map[string]*gerrit.ChangeInfo{"gfx": gfx(nil)},
	}
	r := Gerrit{Name: "main", Client: s, Stream: true, Teams: teamsOf(t, grants)}.Examine(t.Context())
	const want = `fine version: 3.13.5
missing account: verdict (7) is taken for a person: its votes put it into attention sets
missing queryLimit: 50 changes a page, and the bot asks for 100
missing streamEvents: a stream is configured, and the account may not read it
missing administrator: the account administers Gerrit, which the bot needs nothing of
missing gone: granted to graphics, and not there or hidden from the account
note lib/**: granted to graphics, and no project fits that the account sees
missing gfx: there is no label Lint on main, which tools is granted (-1..0); there are Verified
missing gfx: the account may not vote Verified on main, and graphics is granted -1..+1
missing gfx: hashtags is granted to a team, and not permitted to the account on main
fine gfx: read
`
	if got := lines(r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	told(t, r)
}

func TestGerritPermitsAPartOfWhatIsGranted(t *testing.T) {
	s := &server{projects: []string{"gfx"}, changes: map[string]*gerrit.ChangeInfo{"gfx": gfx([]string{" 0", "+1"})}}
	s.changes["gfx"].Actions = nil
	r := Gerrit{Name: "main", Client: s, Teams: teamsOf(t, grants), Projects: []string{"gfx", "nowhere"}}.Examine(t.Context())
	told(t, r)
	got := lines(r)
	for _, want := range []string{
		"missing gfx: the account may vote Verified 0..+1 on main, and graphics is granted -1..+1\n",
		"note gfx: the server doesn't say whether hashtags is permitted\n",
		"missing nowhere: no such project is granted to a team and seen by the account\n",
		"missing queryLimit: no changes may be queried, so nothing can be polled\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
}

func TestGerritOlderThanAnyThatWasTriedIsNoted(t *testing.T) {
	for version, want := range map[string]Level{"3.13.5": Fine, "3.10.2-15-gabcdef": Fine, "4.0": Fine, "3.9.11": Note, "2.16": Note, "strange": Fine} {
		f := &findings{}
		f.version(version)
		if len(f.report) != 1 || f.report[0].Level != want || !strings.HasPrefix(f.report[0].Text, version) {
			t.Errorf("%s: got %+v, want %s", version, f.report, want)
		}
	}
}

func TestGerritTellsNotWhetherSubmitIsPermitted(t *testing.T) {
	s := &server{projects: []string{"gfx"}, changes: map[string]*gerrit.ChangeInfo{"gfx": gfx([]string{"-1", " 0", "+1"})}}
	teams := teamsOf(t, strings.Replace(grants, "actions: [vote, comment, hashtags]", "actions: [vote, submit]", 1))
	got := lines(Gerrit{Name: "main", Client: s, Teams: teams, Projects: []string{"gfx"}}.Examine(t.Context()))
	if want := "note gfx: submit is granted to a team; "; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it %q", got, want)
	}
}

func TestGerritThatRefusesOrIsAwayIsToldOnce(t *testing.T) {
	s := &server{version: fmt.Errorf("GET /x: %w", gerrit.ErrNotAuthorized)}
	if got := lines(Gerrit{Name: "main", User: "verdict", Client: s}.Examine(t.Context())); got != "missing account: the password or token of verdict isn't accepted\n" {
		t.Errorf("a wrong password: got\n%s", got)
	}
	s.version = fmt.Errorf("GET /x: %w", gerrit.ErrUnavailable)
	if got := lines(Gerrit{Name: "main", Client: s}.Examine(t.Context())); got != "missing connect: GET /x: gerrit: server unavailable\n" {
		t.Errorf("away: got\n%s", got)
	}
}

func TestClocksAreCompared(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		want  string
	}{{0, "fine clock: within"}, {-20 * time.Minute, "missing clock: the server's clock is 20m"}, {time.Hour, "missing clock: the server's clock is 1h0m"}, {20 * time.Second, "fine clock: within"}} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
		}))
		f := &findings{}
		f.clock(t.Context(), nil, web.URL, 30*time.Second, "trouble")
		web.Close()
		if got := fmt.Sprintf("%s clock: %s", f.report[0].Level, f.report[0].Text); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s ahead: got %q, want %q", c.ahead, got, c.want)
		}
	}
	f := &findings{}
	f.clock(t.Context(), nil, "http://127.0.0.1:1", time.Second, "trouble")
	if f.report[0].Level != Note {
		t.Errorf("a server that is away: %+v", f.report)
	}
}

// What the doctor says of the test Gerrit is known: who may do what there.
func TestARealGerritIsExamined(t *testing.T) {
	url := testservers.Gerrit(t)
	alice := gerrit.NewClient(url, gerrit.BasicAuth("alice", testservers.Accounts["alice"]))
	if _, err := alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: "infra/tools/demo", Branch: "main", Subject: "For the doctor"}); err != nil {
		t.Fatal(err)
	}
	teams := teamsOf(t, strings.NewReplacer("gfx]", "infra/tools/demo]", "gfx, gone", "infra/tools/demo, gone", "Lint: [-1, 0]", "Code-Review: [-1, 1]").Replace(grants))
	for user, wanted := range map[string][]string{
		"ci-bot": {"fine account: ci-bot (", "fine streamEvents: ", "fine queryLimit: 500", "fine infra/tools/demo: Code-Review -1..+1, Verified -1..+1, hashtags (seen on change ", "missing gone: "},
		"bob":    {"missing account: bob (", "note streamEvents: ", "missing infra/tools/demo: the account may not vote Verified on main", "missing infra/tools/demo: hashtags is granted"},
		"admin":  {"missing administrator: "},
	} {
		c := gerrit.NewClient(url, gerrit.BasicAuth(user, testservers.Accounts[user]))
		r := Gerrit{Name: "main", URL: url, User: user, Client: c, Teams: teams}.Examine(t.Context())
		for _, want := range wanted {
			if !strings.Contains(lines(r), want) {
				t.Errorf("as %s: got\n%s\nwant in it %q", user, lines(r), want)
			}
		}
		for _, c := range r {
			if c.About == "clock" && c.Level != Fine {
				t.Errorf("the clock of this machine: %s", c.Text)
			}
		}
	}
	wrong := gerrit.NewClient(url, gerrit.BasicAuth("ci-bot", "wrong"))
	if got := lines(Gerrit{Name: "main", URL: url, User: "ci-bot", Client: wrong}.Examine(t.Context())); got != "missing account: the password or token of ci-bot isn't accepted\n" {
		t.Errorf("with a wrong password: got\n%s", got)
	}
}
