// Package config reads config.yaml, the administrators' file that says where the bot listens and what it may
// speak to. It is strict: an unknown key, a wrong type or a value that can't work is a problem with file, line and
// column, and all of them are told at once. What teams may do stands in teams.yaml, which is left to rules.
// It persists nothing. cmd/bot calls it.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"verdict/internal/schedule"
	"verdict/rules/yamlfile"
)

// Config is config.yaml. Each field's comment gives its default, its unit and what zero means.
type Config struct {
	// Instance is in markers and in the queue's name, queue/<user>/<instance>. Default: prod.
	Instance string `yaml:"instance"`
	// Mode is live, shadow (decides, does nothing) or hold (keeps all actions). Default: live.
	Mode Mode `yaml:"mode"`
	// Begin says from when on events are answered. Default: now.
	Begin Begin `yaml:"begin"`
	// DashboardURL is linked to from posts. Default and empty: no link.
	DashboardURL string `yaml:"dashboardURL"`
	Settle       Settle `yaml:"settle"`
	Store        Store  `yaml:"store"`
	// Retention is how long what has been worked off is kept.
	Retention Retention `yaml:"retention"`
	// Listen holds the addresses of what is served.
	Listen Listen `yaml:"listen"`
	Admin  Admin  `yaml:"admin"`
	TLS    TLS    `yaml:"tls"`
	// Pulse is where Taskcluster's messages come from. Without url nothing is consumed.
	Pulse       Pulse       `yaml:"pulse"`
	Taskcluster Taskcluster `yaml:"taskcluster"`
	// Gerrit holds the servers by the name that rules call them.
	Gerrit map[string]Gerrit `yaml:"gerrit"`
	Rules  Rules             `yaml:"rules"`
	Guards Guards            `yaml:"guards"`
	// Login is for the dashboard; not used yet.
	Login  Login  `yaml:"login"`
	Log    Log    `yaml:"log"`
	Traces Traces `yaml:"traces"`

	// Warnings are what is allowed and should yet be looked at.
	Warnings []string
	// Known are the secret values read so far, for the log's writer.
	Known *Known

	// folder is what relative paths start from: that of the file.
	folder string
}

// Problems are all that is wrong with a configuration.
type Problems []yamlfile.Problem

// Error implements error: one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a configuration; the error is Problems where the file could be read. Secrets are not read
// yet, since most commands need none: see CheckSecrets.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w; name another one with --config", plain(err))
	}
	return Parse(path, data)
}

// Parse is Load for a file at path with the given content.
func Parse(path string, data []byte) (*Config, error) {
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("folder of %s: %w", path, err)
	}
	c := defaults()
	c.folder, c.Known = folder, &Known{}
	file, problems := yamlfile.Parse(path, data)
	if len(problems) == 0 {
		problems = yamlfile.Decode(file.Root, c)
	}
	if len(problems) == 0 {
		problems = c.check(file)
	}
	if len(problems) > 0 {
		return nil, Problems(problems)
	}
	return c, nil
}

// Mode says what a process does with what was decided.
type Mode string

// The modes of a process.
const (
	ModeLive   Mode = "live"
	ModeShadow Mode = "shadow"
	ModeHold   Mode = "hold"
)

// Settle says when a task group is at rest.
type Settle struct {
	// Quiet is how long nothing of a group must have changed for it to be settled; it is looked at that often at most.
	// Default: 5s. Zero: no wait.
	Quiet time.Duration `yaml:"quiet"`
	// Stuck is after how long without a change a group is stuck that isn't settled, and of which nothing is pending or
	// running. Default: 1h. Zero: at once.
	Stuck time.Duration `yaml:"stuck"`
}

// Store says where state is kept.
type Store struct {
	// URL is sqlite:FILE, or postgres://user@host:port/database without a password. Default: sqlite:verdict.db.
	URL string `yaml:"url"`
	// PasswordFile holds PostgreSQL's password; else VERDICT_STORE_PASSWORD counts. Default: none.
	PasswordFile string `yaml:"passwordFile"`
	// Migrate is auto (the schema is brought up to date at the start) or off. Default: auto.
	Migrate  string `yaml:"migrate"`
	Password Secret
}

// Retention says how long bodies are kept. Ids outlive them.
type Retention struct {
	// Events is how long an event's body is kept. Default: 30 days. Zero: for ever.
	Events time.Duration `yaml:"events"`
	// Decisions is how long explanations are kept, and rules that are no longer in force. Default: 90 days. Zero: for ever.
	Decisions time.Duration `yaml:"decisions"`
	// Size is how large the store may grow before a warning. Default: 20 GiB. Zero: any. Not used yet.
	Size Size `yaml:"size"`
}

// Listen holds addresses, host:port. Empty: not served.
type Listen struct {
	// Web is the dashboard's. Default: 127.0.0.1:8080. Not used yet.
	Web string `yaml:"web"`
	// Hooks is where webhooks arrive, if a server under gerrit has any. Default: 127.0.0.1:8081.
	Hooks string `yaml:"hooks"`
	// Metrics is Prometheus'. Default: 127.0.0.1:9090. Not used yet.
	Metrics string `yaml:"metrics"`
	// TrustedProxies may tell the client's address. Default: none. Not used yet.
	TrustedProxies []string `yaml:"trustedProxies"`
}

// Admin is how the commands reach a running bot.
type Admin struct {
	// Socket is a unix socket for this user alone. Default: /run/verdict/admin.sock.
	Socket string `yaml:"socket"`
}

// TLS is for all connections.
type TLS struct {
	// CAFile holds certificates (PEM) that are trusted beside the system's. Default: none.
	CAFile string `yaml:"caFile"`
}

// Pulse is the broker that Taskcluster publishes to.
type Pulse struct {
	// URL is amqps://host:port, or amqp:// on a trusted network; no user or password in it. Empty: no pulse.
	URL string `yaml:"url"`
	// Vhost is the broker's virtual host. Default: /.
	Vhost string `yaml:"vhost"`
	// User owns the queue. Required with url.
	User string `yaml:"user"`
	// PasswordFile holds the password; else VERDICT_PULSE_PASSWORD counts.
	PasswordFile string     `yaml:"passwordFile"`
	QueueLimit   QueueLimit `yaml:"queueLimit"`
	// ExchangePrefix is what Taskcluster's exchanges begin with. Default: exchange/taskcluster-.
	ExchangePrefix string `yaml:"exchangePrefix"`
	Password       Secret
}

// QueueLimit is the broker's own, so that the bot can warn in time; in messages.
type QueueLimit struct {
	// Warn is from when on bot doctor says that the bot falls behind. Default: 2000. Zero: never.
	Warn int `yaml:"warn"`
	// Delete is when the broker deletes the queue; bot doctor tells it from the half on. Default: 8000. Zero: never.
	Delete int `yaml:"delete"`
}

// Taskcluster is the deployment that tasks are asked of and created on.
type Taskcluster struct {
	// RootURL is the deployment's. Empty: no Taskcluster.
	RootURL string `yaml:"rootURL"`
	// ClientID is what temporary credentials are made from. Required with rootURL.
	ClientID string `yaml:"clientId"`
	// AccessTokenFile holds the token; else TASKCLUSTER_ACCESS_TOKEN counts.
	AccessTokenFile string `yaml:"accessTokenFile"`
	// SchedulerID is what the bot's tasks are created under. Default: verdict.
	SchedulerID string `yaml:"schedulerId"`
	// ArtifactHosts are hosts, each as host or host:port, that keep artifacts: where Taskcluster says that one is, and
	// where that sends on to. None but Taskcluster's own is asked else, and none with credentials. Default: none.
	ArtifactHosts []string `yaml:"artifactHosts"`
	AccessToken   Secret
}

// Gerrit is one review server.
type Gerrit struct {
	// URL is the server's, as in a browser. Required.
	URL string `yaml:"url"`
	// User is the account that votes. Required.
	User string `yaml:"user"`
	// TokenFile holds the account's HTTP password; else VERDICT_GERRIT_<NAME>_TOKEN counts.
	TokenFile string  `yaml:"tokenFile"`
	Poll      Poll    `yaml:"poll"`
	Stream    Stream  `yaml:"stream"`
	Webhook   Webhook `yaml:"webhook"`
	Limits    Limits  `yaml:"limits"`
	Token     Secret
}

// Poll says when the server is asked for what changed.
type Poll struct {
	// Cron is when: five fields, or @every with whole seconds. Default: @every 30s.
	Cron string `yaml:"cron"`
	// Overlap is how far before the last poll each one begins. Default: 1m. Zero: the default.
	Overlap time.Duration `yaml:"overlap"`
	// Full is when everything open is looked at. Default: 0 3 * * *.
	Full string `yaml:"full"`
	// Zone is what the fields of cron and full mean. Default: UTC.
	Zone string `yaml:"zone"`
	// When is cron, read, and WhenFull is full.
	When, WhenFull schedule.Expression
}

// Stream is Gerrit's stream-events: what it tells is looked at at once.
type Stream struct {
	// SSH is host:port. Default and empty: no stream.
	SSH string `yaml:"ssh"`
	// KeyFile is the account's private key, without a passphrase. Default: none; required with ssh.
	KeyFile string `yaml:"keyFile"`
	// KnownHostsFile holds the server's keys. Default: none; required with ssh.
	KnownHostsFile string `yaml:"knownHostsFile"`
	Key            Secret
}

// Webhook is Gerrit's webhooks plugin: what it posts is looked at at once.
type Webhook struct {
	// SecretFiles hold the secrets that are accepted, two while rotating: at least 16 letters, digits and -._~ each.
	// Default: none, and no webhook is taken.
	SecretFiles []string `yaml:"secretFiles"`
	Secrets     []Secret
}

// Limits are what the bot allows itself on a server.
type Limits struct {
	// RequestsPerSecond is the most on average. Default: 20. Zero: no limit.
	RequestsPerSecond float64 `yaml:"requestsPerSecond"`
	// Concurrent is the most at once. Default: 8. Zero: no limit.
	Concurrent int `yaml:"concurrent"`
}

// Rules says where rule files and teams.yaml are.
type Rules struct {
	// Dir is the folder of the rule files; it may be a symlink that is swapped. With git it is a folder in the
	// repository. Default: rules.
	Dir string `yaml:"dir"`
	// Teams is the administrators' file of teams and grants. With git a relative path is one in the repository, an
	// absolute one is a file of this machine. Default: teams.yaml.
	Teams string `yaml:"teams"`
	// Git fetches the rules from a repository.
	Git RulesGit `yaml:"git"`
}

// RulesGit names a repository of rules.
type RulesGit struct {
	// URL is the repository's: https://, ssh://, user@host:path, or file:// for one on this machine. No password in it.
	// Default and empty: the folder counts.
	URL string `yaml:"url"`
	// Branch is what is fetched. Default: main.
	Branch string `yaml:"branch"`
	// KeyFile holds the private key for ssh, or the password of the URL's user for https. Default: none; required with
	// ssh.
	KeyFile string `yaml:"keyFile"`
	// KnownHostsFile holds the keys of an ssh server. Default: none; required with ssh.
	KnownHostsFile string `yaml:"knownHostsFile"`
	// Every is how often it is fetched, by one replica for all. Default: 1m. At least 5s.
	Every time.Duration `yaml:"every"`
	Key   Secret
}

// Guards stop a rule that does too much.
type Guards struct {
	// ChangesPerRulePerHour holds for cron rules, and for each in the 24 hours after it first acted. Default: 100.
	// Zero: no limit.
	ChangesPerRulePerHour int `yaml:"changesPerRulePerHour"`
	// MessagesPerChangePerDay is how many posts there may be on one change; of one rule half as many. Default: 30.
	// Zero: no limit.
	MessagesPerChangePerDay int `yaml:"messagesPerChangePerDay"`
	// MaxAge is from when on an event is too old to be answered. Default: 24h. Zero: never.
	MaxAge time.Duration `yaml:"maxAge"`
}

// Login is for the dashboard. Not used yet.
type Login struct {
	OIDC  OIDC  `yaml:"oidc"`
	Roles Roles `yaml:"roles"`
	// Reading is login or open. Default: login.
	Reading string `yaml:"reading"`
}

// OIDC names the identity provider. Not used yet.
type OIDC struct {
	// Issuer is the provider's URL. Default and empty: no login.
	Issuer string `yaml:"issuer"`
	// ClientID is the bot's with the provider. Default: none.
	ClientID string `yaml:"clientId"`
	// ClientSecretFile holds the bot's secret. Default: none.
	ClientSecretFile string `yaml:"clientSecretFile"`
	// GroupsClaim is the claim that lists groups. Default: groups.
	GroupsClaim  string `yaml:"groupsClaim"`
	ClientSecret Secret
}

// Roles gives each role its groups; '*' is everybody who logged in. Not used yet.
type Roles struct {
	// Admin may change everything. Default: nobody.
	Admin []string `yaml:"admin"`
	// Operator may retry, cancel, hold and release. Default: nobody.
	Operator []string `yaml:"operator"`
	// Viewer may look. Default: everybody who logged in.
	Viewer []string `yaml:"viewer"`
}

// Log says what is logged, to standard error.
type Log struct {
	// Level is trace, debug, info, warn or error. Default: info.
	Level string `yaml:"level"`
	// Format is json, console, or auto: console on a terminal, else json. Default: auto.
	Format string `yaml:"format"`
}

// Traces says where traces go. Not used yet.
type Traces struct {
	// OTLP is the collector's URL. Default and empty: no traces.
	OTLP string `yaml:"otlp"`
}

// defaults is the configuration of an empty file.
func defaults() *Config {
	return &Config{
		Instance:  "prod",
		Mode:      ModeLive,
		Settle:    Settle{Quiet: 5 * time.Second, Stuck: time.Hour},
		Store:     Store{URL: "sqlite:verdict.db", Migrate: "auto"},
		Retention: Retention{Events: 30 * day, Decisions: 90 * day, Size: 20 << 30},
		Listen:    Listen{Web: "127.0.0.1:8080", Hooks: "127.0.0.1:8081", Metrics: "127.0.0.1:9090"},
		Admin:     Admin{Socket: "/run/verdict/admin.sock"},
		Pulse: Pulse{
			Vhost: "/", QueueLimit: QueueLimit{Warn: 2000, Delete: 8000}, ExchangePrefix: "exchange/taskcluster-",
		},
		Taskcluster: Taskcluster{SchedulerID: "verdict"},
		Rules:       Rules{Dir: "rules", Teams: "teams.yaml", Git: RulesGit{Branch: "main", Every: time.Minute}},
		Guards:      Guards{ChangesPerRulePerHour: 100, MessagesPerChangePerDay: 30, MaxAge: day},
		Login:       Login{OIDC: OIDC{GroupsClaim: "groups"}, Roles: Roles{Viewer: []string{"*"}}, Reading: "login"},
		Log:         Log{Level: "info", Format: "auto"},
	}
}

// gerritDefaults is a server of which only the name is given.
func gerritDefaults() Gerrit {
	return Gerrit{
		Poll:   Poll{Cron: "@every 30s", Overlap: time.Minute, Full: "0 3 * * *", Zone: "UTC"},
		Limits: Limits{RequestsPerSecond: 20, Concurrent: 8},
	}
}

const day = 24 * time.Hour
