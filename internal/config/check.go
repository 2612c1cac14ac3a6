package config

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"verdict/internal/schedule"
	"verdict/rules/yamlfile"
)

// check tells what is wrong with values that have the right type, and completes them.
func (c *Config) check(file *yamlfile.File) []yamlfile.Problem {
	k := &checker{file: file}
	k.top(c)
	k.store(c)
	k.pulse(&c.Pulse)
	k.taskcluster(&c.Taskcluster)
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Gerrit)) {
		server := c.Gerrit[name]
		k.gerrit(name, &server)
		c.Gerrit[name] = server
		url := strings.TrimRight(server.URL, "/")
		if other := names[url]; other != "" && url != "" {
			k.warn(fmt.Sprintf("%s and %s are one server: what happens there is told twice", other, name), "gerrit", name, "url")
		}
		names[url] = name
	}
	k.hooks(c)
	k.later(c)
	if c.Pulse.URL == "" && len(c.Gerrit) == 0 {
		k.add("there is nothing to listen to", "configure pulse, or a server under gerrit")
	}
	c.anchor(k)
	c.Warnings = k.warnings
	return k.problems
}

// The words of keys that take one of a few.
var (
	levels     = []string{"trace", "debug", "info", "warn", "error"}
	formats    = []string{"auto", "json", "console"}
	migrations = []string{"auto", "off"}
	readings   = []string{"login", "open"}
)

var instanceForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$`)

func (k *checker) top(c *Config) {
	if !instanceForm.MatchString(c.Instance) {
		k.add(fmt.Sprintf("%q is no name for an instance", c.Instance), "up to 32 letters, digits, - and _", "instance")
	}
	k.oneOf(string(c.Mode), []string{"live", "shadow", "hold"}, "mode")
	k.web(c.DashboardURL, "dashboardURL")
	k.oneOf(c.Log.Format, formats, "log", "format")
	k.oneOf(c.Log.Level, levels, "log", "level")
	k.notEmpty(c.Admin.Socket, "admin", "socket")
	k.rules(&c.Rules)
}

func (k *checker) store(c *Config) {
	k.oneOf(c.Store.Migrate, migrations, "store", "migrate")
	if file, ok := strings.CutPrefix(c.Store.URL, "sqlite:"); ok {
		if file == "" || strings.HasPrefix(file, "//") {
			k.add("the store's file is missing", "write it as sqlite:verdict.db", "store", "url")
		}
		return
	}
	u, err := url.Parse(c.Store.URL)
	switch {
	case err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql"):
		k.add("the store is of no known kind", "write sqlite:FILE or postgres://user@host/database", "store", "url")
	case u.Host == "" || strings.Trim(u.Path, "/") == "":
		k.add("the store's host or database is missing", "write postgres://user@host/database", "store", "url")
	default:
		k.noPassword(u, "passwordFile or VERDICT_STORE_PASSWORD", "store", "url")
	}
}

func (k *checker) pulse(p *Pulse) {
	if p.URL == "" {
		return
	}
	u := k.url(p.URL, []string{"amqps", "amqp"}, "pulse", "url")
	if u != nil && u.User != nil {
		k.add("the URL holds a user or a password", "they belong into user and passwordFile", "pulse", "url")
	}
	if u != nil && u.Scheme == "amqp" && !loopback(u) {
		k.warn("amqp:// sends the password in the clear", "pulse", "url")
	}
	k.notEmpty(p.User, "pulse", "user")
	k.notEmpty(p.ExchangePrefix, "pulse", "exchangePrefix")
	k.notNegative(p.QueueLimit.Warn, "pulse", "queueLimit", "warn")
	k.notNegative(p.QueueLimit.Delete, "pulse", "queueLimit", "delete")
}

var schedulerForm = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,38}$`)

func (k *checker) taskcluster(t *Taskcluster) {
	if t.RootURL == "" {
		return
	}
	u := k.url(t.RootURL, []string{"https", "http"}, "taskcluster", "rootURL")
	if u != nil && u.User != nil {
		k.add("the URL holds a user or a password", "they belong into clientId and accessTokenFile", "taskcluster", "rootURL")
	}
	k.notEmpty(t.ClientID, "taskcluster", "clientId")
	if !schedulerForm.MatchString(t.SchedulerID) {
		k.add(fmt.Sprintf("%q is no schedulerId", t.SchedulerID), "up to 38 letters, digits, - and _", "taskcluster", "schedulerId")
	}
}

var serverForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (k *checker) gerrit(name string, g *Gerrit) {
	at := func(path ...string) []string { return append([]string{"gerrit", name}, path...) }
	if !serverForm.MatchString(name) {
		k.add(fmt.Sprintf("%q is no name for a server", name), "up to 32 small letters, digits and -", at()...)
	}
	if name == "group" { // the store names what belongs to no server so
		k.add(`no server can be called "group"`, "the name is taken by task groups", at()...)
	}
	k.notEmpty(g.URL, at("url")...)
	if g.URL != "" {
		u := k.url(g.URL, []string{"https", "http"}, at("url")...)
		if u != nil {
			k.noPassword(u, "user and tokenFile", at("url")...)
			if u.Scheme == "http" && !loopback(u) {
				k.warn("http:// sends the token in the clear", at("url")...)
			}
		}
	}
	k.notEmpty(g.User, at("user")...)
	zone, err := schedule.Zone(g.Poll.Zone)
	if err != nil {
		k.add(err.Error(), "write UTC or one like Europe/Berlin", at("poll", "zone")...)
		zone = time.UTC
	}
	g.Poll.When = k.cron(g.Poll.Cron, zone, at("poll", "cron")...)
	g.Poll.WhenFull = k.cron(g.Poll.Full, zone, at("poll", "full")...)
	if g.Poll.Overlap == 0 {
		g.Poll.Overlap = gerritDefaults().Poll.Overlap
	}
	k.notNegative(g.Limits.Concurrent, at("limits", "concurrent")...)
	if g.Limits.RequestsPerSecond < 0 {
		k.add("a negative number", "", at("limits", "requestsPerSecond")...)
	}
	k.address(g.Stream.SSH, at("stream", "ssh")...)
	if g.Stream.SSH != "" {
		k.notEmpty(g.Stream.KeyFile, at("stream", "keyFile")...)
		k.notEmpty(g.Stream.KnownHostsFile, at("stream", "knownHostsFile")...)
	}
}

// hooks checks where webhooks arrive.
func (k *checker) hooks(c *Config) {
	k.address(c.Listen.Hooks, "listen", "hooks")
	for _, name := range slices.Sorted(maps.Keys(c.Gerrit)) {
		if len(c.Gerrit[name].Webhook.SecretFiles) > 0 && c.Listen.Hooks == "" {
			k.add("there is nowhere for webhooks to arrive", "set listen.hooks", "gerrit", name, "webhook", "secretFiles")
		}
	}
}

// later checks what is not used yet, so that a mistake shows before it is.
func (k *checker) later(c *Config) {
	k.address(c.Listen.Web, "listen", "web")
	k.address(c.Listen.Metrics, "listen", "metrics")
	k.web(c.Login.OIDC.Issuer, "login", "oidc", "issuer")
	k.oneOf(c.Login.Reading, readings, "login", "reading")
	k.web(c.Traces.OTLP, "traces", "otlp")
	k.notNegative(c.Guards.ChangesPerRulePerHour, "guards", "changesPerRulePerHour")
	k.notNegative(c.Guards.MessagesPerChangePerDay, "guards", "messagesPerChangePerDay")
}

// anchor gives the secrets their sources, and relative paths the file's folder.
func (c *Config) anchor(k *checker) {
	secret := func(file, env string, path ...string) Secret {
		s := Secret{env: env, known: c.Known, place: k.place(path...)}
		if file != "" {
			s.file = c.path(file)
		}
		return s
	}
	c.Store.Password = secret(c.Store.PasswordFile, "VERDICT_STORE_PASSWORD", "store", "passwordFile")
	c.Pulse.Password = secret(c.Pulse.PasswordFile, "VERDICT_PULSE_PASSWORD", "pulse", "passwordFile")
	c.Taskcluster.AccessToken = secret(c.Taskcluster.AccessTokenFile, "TASKCLUSTER_ACCESS_TOKEN", "taskcluster", "accessTokenFile")
	c.Login.OIDC.ClientSecret = secret(c.Login.OIDC.ClientSecretFile, "", "login", "oidc", "clientSecretFile")
	c.Rules.Git.Key = secret(c.Rules.Git.KeyFile, "", "rules", "git", "keyFile")
	for name, g := range c.Gerrit {
		g.Token = secret(g.TokenFile, TokenVariable(name), "gerrit", name, "tokenFile")
		if g.Stream.KnownHostsFile != "" {
			g.Stream.KnownHostsFile = c.path(g.Stream.KnownHostsFile)
		}
		g.Stream.Key = secret(g.Stream.KeyFile, "", "gerrit", name, "stream", "keyFile")
		for _, file := range g.Webhook.SecretFiles {
			g.Webhook.Secrets = append(g.Webhook.Secrets, secret(file, "", "gerrit", name, "webhook", "secretFiles"))
		}
		c.Gerrit[name] = g
	}
	if c.Rules.Git.URL == "" {
		c.Rules.Dir, c.Rules.Teams = c.path(c.Rules.Dir), c.path(c.Rules.Teams)
	}
	if c.Rules.Git.KnownHostsFile != "" {
		c.Rules.Git.KnownHostsFile = c.path(c.Rules.Git.KnownHostsFile)
	}
	c.Admin.Socket = c.path(c.Admin.Socket)
	if c.TLS.CAFile != "" {
		c.TLS.CAFile = c.path(c.TLS.CAFile)
	}
	if file, ok := strings.CutPrefix(c.Store.URL, "sqlite:"); ok {
		c.Store.URL = "sqlite:" + c.path(file)
	}
}

func (c *Config) path(file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(c.folder, file)
}

// TokenVariable is the environment variable that holds a server's token where no file is named.
func TokenVariable(server string) string {
	return "VERDICT_GERRIT_" + strings.ToUpper(strings.ReplaceAll(server, "-", "_")) + "_TOKEN"
}
