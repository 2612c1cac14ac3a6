package pulse_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"verdict/pulse"
)

func valid() pulse.Config {
	return pulse.Config{
		URL: "amqps://pulse.example.org", User: "bot", Queue: "queue/bot/q",
		Password: func() (string, error) { return "", nil },
		Handle:   func(context.Context, []pulse.Message) error { return nil },
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	if _, err := pulse.New(valid()); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		change func(*pulse.Config)
		want   string
	}{
		"credentials in the URL": {func(c *pulse.Config) { c.URL = "amqps://bot:canary@pulse.example.org" }, "has credentials in it"},
		"a user in the URL":      {func(c *pulse.Config) { c.URL = "amqps://canary@pulse.example.org" }, "has credentials in it"},
		"a bad character":        {func(c *pulse.Config) { c.URL = "amqps://bot:can%ary@pulse.example.org" }, "can't be read"},
		"a space":                {func(c *pulse.Config) { c.URL = "amqps://bot:canary@pulse example.org" }, "can't be read"},
		"another scheme":         {func(c *pulse.Config) { c.URL = "https://pulse.example.org" }, "not of the form"},
		"no host":                {func(c *pulse.Config) { c.URL = "amqps://" }, "not of the form"},
		"a vhost in the URL":     {func(c *pulse.Config) { c.URL = "amqps://pulse.example.org/canary" }, "give the vhost on its own"},
		"a query":                {func(c *pulse.Config) { c.URL = "amqps://pulse.example.org?heartbeat=1" }, "more than a host"},
		"no user":                {func(c *pulse.Config) { c.User = "" }, "no user"},
		"no password":            {func(c *pulse.Config) { c.Password = nil }, "no password"},
		"no handler":             {func(c *pulse.Config) { c.Handle = nil }, "no handler"},
		"no queue":               {func(c *pulse.Config) { c.Queue = "" }, "queue name"},
		"a long queue name":      {func(c *pulse.Config) { c.Queue = strings.Repeat("q", 256) }, "256 bytes"},
		"a long vhost":           {func(c *pulse.Config) { c.Vhost = strings.Repeat("q", 256) }, "256 bytes"},
		"prefetch 1":             {func(c *pulse.Config) { c.Prefetch = 1 }, "prefetch 1"},
		"a huge prefetch":        {func(c *pulse.Config) { c.Prefetch = 65536 }, "prefetch 65536"},
		"a batch that waits":     {func(c *pulse.Config) { c.Prefetch, c.BatchSize = 50, 100 }, "half of prefetch 50"},
		"a negative batch":       {func(c *pulse.Config) { c.BatchSize = -1 }, "batch size -1"},
		"a short heartbeat":      {func(c *pulse.Config) { c.Heartbeat = 500 * time.Millisecond }, "less than 1s"},
		"a negative duration":    {func(c *pulse.Config) { c.Drain = -time.Second }, "negative"},
	} {
		cfg := valid()
		row.change(&cfg)
		_, err := pulse.New(cfg)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

// FuzzURL checks that nothing of a URL that is refused is in the error: it may be a password.
func FuzzURL(f *testing.F) {
	f.Add("bot:pass%word@", "pulse.example.org:5671", "/vhost")
	f.Add("", "[::1]:1", "?a=b#c")
	f.Fuzz(func(t *testing.T, user, host, rest string) {
		cfg := valid()
		cfg.URL = "amqps://" + user + host + rest
		_, err := pulse.New(cfg)
		for _, part := range []string{user, host, rest} {
			if err != nil && len(part) > 3 && strings.Contains(err.Error(), part) && !strings.Contains(known, part) {
				t.Errorf("%q shows in %q", part, err)
			}
		}
	})
}

// known are the words that errors about a URL are made of.
const known = "pulse: the URL can't be read; write amqps://host:port pulse: the URL has credentials in it; give the user and the password on their own" +
	"pulse: the URL is not of the form amqps://host:port or amqp://host:port pulse: the URL has more than a host and a port; give the vhost on its own"
