package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ConfigFile is the bot's configuration.
func (w *World) ConfigFile() string { return filepath.Join(w.Dir, "config.yaml") }

func (w *World) configuration() string {
	return fmt.Sprintf(`instance: %s
admin: {socket: admin.sock}
settle: {quiet: 500ms}
store: {url: 'sqlite:verdict.db'}
pulse: {url: '%s', user: %s, passwordFile: pulse.secret}
taskcluster: {rootURL: '%s', clientId: %s, accessTokenFile: taskcluster.secret}
gerrit:
  %s:
    url: '%s'
    user: %s
    tokenFile: gerrit.secret
    poll: {cron: '%s'}
    limits: {requestsPerSecond: 1000, concurrent: 32}
rules: {dir: rules, teams: teams.yaml}
guards: {changesPerRulePerHour: 0}   # every rule is new here, and busy
`, instance, w.Broker.URL(), botUser, w.Tasks.URL, botClient, serverName, w.Gerrit.URL(), botUser, pollSchedule)
}

// writeFolder writes all that a bot reads.
func (w *World) writeFolder() error {
	for name, text := range map[string]string{
		"config.yaml": w.configuration(), "pulse.secret": w.secrets.pulse,
		"taskcluster.secret": w.secrets.taskcluster, "gerrit.secret": w.secrets.gerrit,
	} {
		if err := w.write(name, []byte(text)); err != nil {
			return err
		}
	}
	return fs.WalkDir(w.options.Rules, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(w.options.Rules, name)
		if err != nil {
			return fmt.Errorf("read the rule file %s: %w", name, err)
		}
		if !strings.Contains(name, "/") { // teams.yaml
			return w.write(name, data)
		}
		return w.write("rules/"+name, data)
	})
}

func (w *World) write(name string, data []byte) error {
	full := filepath.Join(w.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return fmt.Errorf("write the bot's folder: %w", err)
	}
	if err := os.WriteFile(full, data, 0o600); err != nil {
		return fmt.Errorf("write the bot's folder: %w", err)
	}
	return nil
}
