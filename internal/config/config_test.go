package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func reflectString(v any) string { return fmt.Sprintf("%+v", v) }

// least is a configuration that works.
const least = `
gerrit:
  main: {url: https://review.example.org, user: verdict}
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse(filepath.Join(t.TempDir(), "config.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseTellsEveryProblemWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":             {"instanc: prod\n", `1:1: no key "instanc" here; did you mean instance?`},
		"deep unknown key":        {"gerrit:\n  main:\n    url: https://r.example\n    usr: x\n", `4:5: no key "usr" here; did you mean user?`},
		"wrong type":              {"pulse:\n  queueLimit: {warn: many}\n", "2:22: a whole number is wanted here, not a text (many)"},
		"bad duration":            {"guards: {maxAge: 2 months}\n", "1:18: "},
		"bad begin":               {"begin: yesterday\n" + least, `1:8: "yesterday" is no beginning; write now`},
		"bad size":                {"retention: {size: 20 GB}\n" + least, "1:19: "},
		"mode":                    {"mode: shadwo\n" + least, "1:7: \"shadwo\" is not known here; did you mean shadow?"},
		"instance":                {"instance: a b\n" + least, "1:11: "},
		"nothing to do":           {"", "1:1: there is nothing to listen to"},
		"password in URL":         {"pulse: {url: 'amqps://u:secret@p.example', user: u}\n", "1:14: the URL holds a user or a password"},
		"store password":          {"store: {url: 'postgres://u:secret@h/d'}\n" + least, "1:14: the URL holds a password; it belongs into passwordFile"},
		"store kind":              {"store: {url: mysql://h/d}\n" + least, "1:14: the store is of no known kind"},
		"no user":                 {"pulse: {url: 'amqps://p.example'}\n", "1:8: pulse.user is missing"},
		"impossible date":         {"gerrit: {main: {url: 'https://r.example', user: u, poll: {cron: '0 0 30 2 *'}}}\n", "1:65: cron \"0 0 30 2 *\": no such date"},
		"too often":               {"gerrit: {main: {url: 'https://r.example', user: u, poll: {cron: '@every 10ms'}}}\n", "whole seconds"},
		"zone":                    {"gerrit: {main: {url: 'https://r.example', user: u, poll: {zone: Mars}}}\n", `"Mars" is no time zone`},
		"zone of a machine":       {"gerrit: {main: {url: 'https://r.example', user: u, poll: {zone: Europe//Berlin}}}\n", `"Europe//Berlin" is no time zone`},
		"server name":             {"gerrit: {Main.1: {url: 'https://r.example', user: u}}\n", "is no name for a server"},
		"taken name":              {"gerrit: {group: {url: 'https://r.example', user: u}}\n", `no server can be called "group"; the name is taken by task groups`},
		"address":                 {"listen: {web: '8080'}\n" + least, `"8080" is no address`},
		"tab":                     {"pulse:\n\turl: x\n", "2:1: a tab"},
		"alias":                   {"a: &x 1\nb: *x\n", "anchor"},
		"duplicate":               {"mode: live\nmode: hold\n", "2:1: the key \"mode\" stands here a second time"},
		"scheme":                  {"gerrit: {main: {url: 'ftp://r.example', user: u}}\n", "write it as https://host"},
		"negative":                {"guards: {messagesPerChangePerDay: -1}\n" + least, "1:35: a negative number"},
		"stream's key":            {"gerrit: {main: {url: 'https://r.example', user: u, stream: {ssh: 'r.example:29418', knownHostsFile: k}}}\n", "1:60: gerrit.main.stream.keyFile is missing"},
		"stream's hosts":          {"gerrit: {main: {url: 'https://r.example', user: u, stream: {ssh: 'r.example:29418', keyFile: k}}}\n", "gerrit.main.stream.knownHostsFile is missing"},
		"stream's address":        {"gerrit: {main: {url: 'https://r.example', user: u, stream: {ssh: r.example, keyFile: k, knownHostsFile: k}}}\n", `"r.example" is no address`},
		"no place for hooks":      {"listen: {hooks: ''}\ngerrit: {main: {url: 'https://r.example', user: u, webhook: {secretFiles: [a]}}}\n", "there is nowhere for webhooks to arrive; set listen.hooks"},
		"no value":                {"admin: {socket: }\n" + least, "1:17: no value is written here"},
		"git with a password":     {"rules: {git: {url: 'https://u:secret@x.example/r'}}\n" + least, "the URL holds a password; it belongs into keyFile"},
		"git by ssh, no key":      {"rules: {git: {url: 'ssh://u@x.example/r', knownHostsFile: k}}\n" + least, "rules.git.keyFile is missing"},
		"git by ssh, no hosts":    {"rules: {git: {url: 'u@x.example:r', keyFile: k}}\n" + least, "rules.git.knownHostsFile is missing"},
		"git by ssh, no user":     {"rules: {git: {url: 'ssh://x.example/r', keyFile: k, knownHostsFile: k}}\n" + least, "the URL names no user"},
		"git, key and no user":    {"rules: {git: {url: 'https://x.example/r', keyFile: k}}\n" + least, "keyFile holds a password, and the URL names no user"},
		"git of no known kind":    {"rules: {git: {url: 'ftp://x.example/r'}}\n" + least, "1:20: this is no URL that can be used here"},
		"git file, relative":      {"rules: {git: {url: 'file://r.git'}}\n" + least, "a file:// URL has an absolute path"},
		"git too often":           {"rules: {git: {url: 'https://x.example/r', every: 1s}}\n" + least, "the repository would be asked too often"},
		"git, absolute dir":       {"rules: {dir: /etc/rules, git: {url: 'https://x.example/r'}}\n" + least, "1:14: with rules.git this is a folder in the repository"},
		"git, dir that leads out": {"rules: {dir: a/../../b, git: {url: 'https://x.example/r'}}\n" + least, "can't lead out of it"},
		"git, no branch":          {"rules: {git: {url: 'https://x.example/r', branch: ''}}\n" + least, "rules.git.branch is missing"},
		"empty config path":       {"rules: {dir: ''}\n" + least, "1:14: rules.dir is missing"},
	} {
		_, err := Parse("config.yaml", []byte(c.text))
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: got %v, want problems", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, want %q in it", name, err, c.want)
		}
		if strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: the password is told: %q", name, err)
		}
	}
}

func TestParseTellsAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("c.yaml", []byte("mode: x\ninstance: '?'\npulse: {url: 'http://p.example'}\n"))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) < 4 {
		t.Errorf("got %v, want four problems or more", err)
	}
}

func TestRelativePathsStartFromTheFilesFolder(t *testing.T) {
	c := parse(t, "rules: {dir: r, teams: /etc/teams.yaml}\nadmin: {socket: a.sock}\n"+least)
	if want := filepath.Join(c.folder, "r"); c.Rules.Dir != want {
		t.Errorf("rules.dir: got %s, want %s", c.Rules.Dir, want)
	}
	if c.Rules.Teams != "/etc/teams.yaml" {
		t.Errorf("rules.teams: got %s", c.Rules.Teams)
	}
	if want := "sqlite:" + filepath.Join(c.folder, "verdict.db"); c.Store.URL != want {
		t.Errorf("store.url: got %s, want %s", c.Store.URL, want)
	}
}

func TestWithGitDirAndTeamsArePathsInTheRepository(t *testing.T) {
	c := parse(t, "rules: {git: {url: 'u@x.example:r', keyFile: k, knownHostsFile: h}}\n"+least)
	if c.Rules.Dir != "rules" || c.Rules.Teams != "teams.yaml" || c.Rules.Git.KnownHostsFile != filepath.Join(c.folder, "h") || len(c.Warnings) > 0 {
		t.Errorf("got %+v, %q", c.Rules, c.Warnings)
	}
	c = parse(t, "rules: {teams: /etc/teams.yaml, git: {url: 'http://u@x.example/r', keyFile: k}}\n"+least)
	if c.Rules.Teams != "/etc/teams.yaml" || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "anybody on the way") {
		t.Errorf("got %+v, %q", c.Rules, c.Warnings)
	}
}

func TestBeginIsResolvedAgainstNow(t *testing.T) {
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now":                  now,
		"2h":                   now.Add(-2 * time.Hour),
		"1 day":                now.AddDate(0, 0, -1),
		"2026-01-01T00:00:00Z": time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got := parse(t, "begin: "+text+"\n"+least).Begin.At(now); !got.Equal(want) {
			t.Errorf("begin: %s: got %s, want %s", text, got, want)
		}
	}
}

func TestServersStartFromTheDefaults(t *testing.T) {
	c := parse(t, "gerrit: {a: {url: 'https://r.example', user: u, poll: {cron: '@every 5s'}}, b: {url: 'https://s.example', user: u, limits: {requestsPerSecond: 0}}}\n")
	if p := c.Gerrit["a"].Poll; p.When.String() != "@every 5s" || p.Overlap != time.Minute {
		t.Errorf("a polls %s with overlap %s", p.When, p.Overlap)
	}
	if l := c.Gerrit["b"].Limits; l.Concurrent != 8 || l.RequestsPerSecond != 0 {
		t.Errorf("b's limits are %+v", l)
	}
}

func TestOneServerUnderTwoNamesIsWarnedOf(t *testing.T) {
	c := parse(t, "gerrit: {a: {url: 'https://r.example', user: u}, b: {url: 'https://r.example/', user: u}, c: {url: 'https://s.example', user: u}}\n")
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "1:59: a and b are one server: what happens there is told twice") {
		t.Errorf("got %q", c.Warnings)
	}
}

func TestPlainHTTPAndDaylightSavingAreWarnedOf(t *testing.T) {
	c := parse(t, "gerrit: {a: {url: 'http://r.example', user: u, poll: {cron: '0 2 * * *', zone: Europe/Berlin}}}\n")
	if len(c.Warnings) != 3 { // full is at 3 o'clock in that zone
		t.Errorf("got %q", c.Warnings)
	}
}

func TestSecretComesFromItsFileAndFollowsIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("VERDICT_GERRIT_MAIN_TOKEN", "from the environment")
	c := parse(t, "gerrit: {main: {url: 'https://r.example', user: u, tokenFile: '"+file+"'}}\n")
	for _, want := range []string{"first one", "second one"} {
		write(want + "\n")
		if got, err := c.Gerrit["main"].Token.Read(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got := c.Known.Clean("first one, second one"); got != mask+", "+mask {
		t.Errorf("both were secrets, but Clean gives %q", got)
	}
}

func TestSecretComesFromTheEnvironment(t *testing.T) {
	t.Setenv("VERDICT_GERRIT_MY_SERVER_TOKEN", "t0p secret")
	c := parse(t, "gerrit: {my-server: {url: 'https://r.example', user: u}}\n")
	if got, err := c.Gerrit["my-server"].Token.Read(); err != nil || got != "t0p secret" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCheckSecretsTellsWhatIsMissing(t *testing.T) {
	c := parse(t, "pulse:\n  url: amqps://p.example\n  user: u\n  passwordFile: no-such-file\n"+least)
	err := c.CheckSecrets()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"config.yaml:4:17: secret file: " + filepath.Join(c.folder, "no-such-file") + " does not exist",
		"config.yaml:7:9: a secret is missing: name its file here, or set VERDICT_GERRIT_MAIN_TOKEN",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestHookSecretsStandInAURLAndAreNotGuessed(t *testing.T) {
	for secret, want := range map[string]bool{
		"0123456789abcdef": true, "a-b_c.d~e-f_g.h~\n": true, "0123456789abcde": false, "0123456789abcdef/": false, "with blanks in the middle": false,
	} {
		c := parse(t, "gerrit: {main: {url: 'https://r.example', user: u, tokenFile: secret, webhook: {secretFiles: [secret]}}}\n")
		if err := os.WriteFile(filepath.Join(c.folder, "secret"), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		err := c.CheckSecrets()
		if (err == nil) != want || err != nil && (!strings.Contains(err.Error(), "16 characters") || strings.Contains(err.Error(), strings.TrimSpace(secret))) {
			t.Errorf("%q: got %v", secret, err)
		}
	}
}

func TestOneHookSecretThatIsGoneLeavesTheOther(t *testing.T) {
	c := parse(t, "gerrit: {main: {url: 'https://r.example', user: u, webhook: {secretFiles: [gone, there]}}}\n")
	if _, err := c.Gerrit["main"].Webhook.Read(); err == nil {
		t.Error("none is there, and no error")
	}
	if err := os.WriteFile(filepath.Join(c.folder, "there"), []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Gerrit["main"].Webhook.Read(); err != nil || len(got) != 1 || got[0] != "0123456789abcdef" {
		t.Errorf("got %q and %v", got, err)
	}
}

// The canary is a secret that must not be found in anything that is written.
func TestSecretNeverShows(t *testing.T) {
	const canary = `c@nary "quoted"/+ö`
	t.Setenv("VERDICT_PULSE_PASSWORD", canary)
	c := parse(t, "pulse: {url: 'amqps://p.example', user: u}\n")
	if got, err := c.Pulse.Password.Read(); err != nil || got != canary {
		t.Fatalf("got %q, %v", got, err)
	}
	encoded, err := json.Marshal(c.Pulse)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := zerolog.New(c.Known.Writer(&out))
	log.Info().Interface("pulse", c.Pulse).Str("password", canary).Err(errors.New("dial u:" + canary + "@p")).Msg("said " + canary)
	for _, text := range []string{
		fmt.Sprint(c.Pulse.Password), fmt.Sprintf("%v %+v %#v %s %q %x", c.Pulse, c.Pulse, c.Pulse, c.Pulse.Password, c.Pulse.Password, c.Pulse.Password),
		string(encoded), out.String(),
	} {
		if strings.Contains(text, "nary") || strings.Contains(text, "6361") {
			t.Errorf("the secret shows in %s", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add(least)
	f.Add("begin: 2h\nretention: {size: 99999999 TiB}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("config.yaml", []byte(text))
		if err == nil && (c == nil || c.Instance == "") {
			t.Errorf("no error and no configuration")
		}
	})
}
