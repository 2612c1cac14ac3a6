package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// mask is all that a Secret ever shows of itself.
const mask = "[secret]"

// Secret is a password, token or key that is read anew each time it is used: from a file, so that it can be
// rotated while the bot runs, or else from an environment variable. It masks itself in every kind of output.
// The zero Secret isn't set.
type Secret struct {
	file, env string
	known     *Known
	// place is where in config.yaml it is named, or ought to be.
	place yamlfile.Problem
}

// IsSet tells whether there is anything to read.
func (s Secret) IsSet() bool { return s.file != "" || s.env != "" && os.Getenv(s.env) != "" }

// Read gives the secret as it is now, without the line ends around it. Its value is kept from the log from then on.
func (s Secret) Read() (string, error) {
	value, err := s.read()
	if err != nil {
		return "", err
	}
	s.known.add(value)
	return value, nil
}

func (s Secret) read() (string, error) {
	if s.file == "" {
		if value := strings.TrimSpace(os.Getenv(s.env)); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("a secret is missing: name its file here, or set %s", s.env)
	}
	data, err := os.ReadFile(s.file)
	if err != nil {
		return "", fmt.Errorf("secret file: %w", plain(err))
	}
	value := strings.Trim(string(data), "\r\n")
	if value == "" {
		return "", fmt.Errorf("secret file %s is empty", s.file)
	}
	return value, nil
}

// StorePassword is what asks for PostgreSQL's password; nil where none is configured.
func (c *Config) StorePassword() func() (string, error) {
	if !c.Store.Password.IsSet() {
		return nil
	}
	return c.Store.Password.Read
}

// CheckSecrets reads each secret that the configuration needs or names, so that a missing one is told at the start.
// The error is Problems.
func (c *Config) CheckSecrets() error {
	var needed, named []Secret
	var problems Problems
	if c.Pulse.URL != "" {
		needed = append(needed, c.Pulse.Password)
	}
	if c.Taskcluster.RootURL != "" {
		needed = append(needed, c.Taskcluster.AccessToken)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Gerrit)) {
		g := c.Gerrit[name]
		needed = append(needed, g.Token)
		named = append(named, g.Stream.Key)
		problems = append(problems, g.Webhook.checkSecrets()...)
	}
	named = append(named, c.Store.Password, c.Login.OIDC.ClientSecret, c.Rules.Git.Key)
	for _, s := range named {
		if s.IsSet() {
			needed = append(needed, s)
		}
	}
	for _, s := range needed {
		if _, err := s.Read(); err != nil {
			problems = append(problems, s.problem(err.Error()))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// Read gives the secrets as they are now. One that can't be read is left out, unless none can.
func (w Webhook) Read() (secrets []string, err error) {
	for _, s := range w.Secrets {
		secret, failed := s.Read()
		if failed != nil {
			err = failed
			continue
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) > 0 {
		return secrets, nil
	}
	return nil, err
}

// hookSecret is what stands in a URL as it is, and nobody guesses.
var hookSecret = regexp.MustCompile(`^[A-Za-z0-9._~-]{16,}$`)

func (w Webhook) checkSecrets() (problems Problems) {
	for _, s := range w.Secrets {
		secret, err := s.Read()
		switch {
		case err != nil:
			problems = append(problems, s.problem(err.Error()))
		case !hookSecret.MatchString(secret):
			problems = append(problems, s.problem("a webhook's secret has at least 16 characters, letters, digits and -._~ only, as it stands in a URL"))
		}
	}
	return problems
}

// problem is one with the place where the secret is named.
func (s Secret) problem(message string) yamlfile.Problem {
	p := s.place
	p.Message = message
	return p
}

// plain makes the two errors that an administrator meets readable.
func plain(err error) error {
	var p *os.PathError
	if !errors.As(err, &p) {
		return err
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s does not exist", p.Path)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s cannot be read by this user", p.Path)
	}
	return err
}

// Format implements fmt.Formatter: every verb gives the mask.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, mask) }

// String implements fmt.Stringer.
func (s Secret) String() string { return mask }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML encoders use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }
