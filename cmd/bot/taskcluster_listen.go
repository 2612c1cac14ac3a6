package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/config"
	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/yamlfile"
)

func newTaskclusterListen(g *global) *cobra.Command {
	var f followFlags
	cmd := &cobra.Command{
		Use:   "listen EXCHANGE[:ROUTINGPATTERN]...",
		Short: "Print messages as they are sent, until Ctrl-C",
		Long: `Listen prints the messages of exchanges, a line each: the time, the exchange, the routing key, the body. With
--json each line is an object. An exchange is named as in rules: queue/task-failed, or its whole name. Without a
pattern all its messages are meant; in one, * is a word and # any number of them.

It reads from a queue of its own, queue/<user>/listen-…, which goes when it ends; the bot's own queue isn't touched.
What is sent before it says that it listens isn't seen.`,
		Example: `  bot taskcluster listen queue/task-failed queue/task-exception
  bot taskcluster listen 'queue/task-completed:primary.*.*.*.*.gfx.ci-linux.#' --count 1 --json
  bot taskcluster listen exchange/verdict/v1/example --for 5m`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return rules.ExchangeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(g.config)
			if err != nil {
				return err
			}
			if cfg.Pulse.URL == "" {
				return fmt.Errorf("%s has no pulse.url to listen to", g.config)
			}
			l := &listener{g: g, cmd: cmd, prefix: cfg.Pulse.ExchangePrefix}
			bindings, err := l.bindings(args)
			if err != nil {
				return err
			}
			ctx, left, stop, err := f.begin(cmd.Context())
			if err != nil {
				return err
			}
			defer stop()
			l.left = left
			return l.run(ctx, cfg, bindings)
		},
	}
	f.register(cmd, "message")
	return cmd
}

// listener prints messages until it has had enough.
type listener struct {
	g      *global
	cmd    *cobra.Command
	prefix string

	left   *countdown
	enough context.CancelCauseFunc

	mu        sync.Mutex // guards listening
	listening bool
}

// bindings reads EXCHANGE[:ROUTINGPATTERN]. No exchange has a colon in its name.
func (l *listener) bindings(args []string) ([]pulse.Binding, error) {
	var all []pulse.Binding
	for _, arg := range args {
		name, pattern, given := strings.Cut(arg, ":")
		if given && pattern == "" || name == "" {
			return nil, fmt.Errorf("%q: write EXCHANGE or EXCHANGE:ROUTINGPATTERN", arg)
		}
		if !given {
			pattern = "#"
		}
		long, ok := rules.ExchangeName(l.prefix, name)
		if !ok {
			hint := yamlfile.DidYouMean(name, rules.ExchangeNames())
			if hint == "" {
				hint = "write one like queue/task-failed, or a whole name"
			}
			return nil, fmt.Errorf("no exchange %q; %s", name, hint)
		}
		all = append(all, pulse.Binding{Exchange: long, RoutingKey: pattern})
	}
	return all, nil
}

func (l *listener) run(ctx context.Context, cfg *config.Config, bindings []pulse.Binding) error {
	trusted, err := cfg.TLS.Client()
	if err != nil {
		return err
	}
	ctx, l.enough = context.WithCancelCause(ctx)
	defer l.enough(nil)
	p := cfg.Pulse
	c, err := pulse.New(pulse.Config{
		URL: p.URL, Vhost: p.Vhost, User: p.User, Password: p.Password.Read, TLS: trusted,
		Queue: "queue/" + p.User + "/listen-" + strings.ToLower(rand.Text()[:10]), Temporary: true,
		Handle: l.print, Notice: l.notice,
	})
	if err != nil {
		return err
	}
	c.SetBindings(bindings)
	if err := c.Run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !asWanted(cause) {
		return errors.New(cfg.Known.Clean(cause.Error()))
	}
	return nil
}

// notice tells on the standard error how the connection fares. What can't work from the beginning ends it.
func (l *listener) notice(n pulse.Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	say := func(format string, args ...any) { fmt.Fprintf(l.cmd.ErrOrStderr(), format+"\n", args...) }
	switch {
	case n.Kind == pulse.Gap && !l.listening:
		l.listening = true
		say("listening")
	case n.Kind == pulse.Gap:
		say("listening again; what was sent since %s was not seen", when(n.Since))
	case n.Kind == pulse.BindingMissing || n.Kind == pulse.ConnectFailed && !l.listening:
		l.enough(n.Err)
	case n.Kind == pulse.Disconnected || n.Kind == pulse.ConnectFailed:
		say("%v", n.Err)
	}
}

// print prints a batch, of which nothing comes again.
func (l *listener) print(_ context.Context, batch []pulse.Message) error {
	for _, m := range batch {
		if l.left.over() {
			return nil
		}
		if err := l.message(m); err != nil {
			l.enough(err)
			return nil
		}
		l.left.one()
	}
	if l.left.over() {
		l.enough(errEnough)
	}
	return nil
}

// heard is a message as JSON.
type heard struct {
	Received    time.Time       `json:"received"`
	Exchange    string          `json:"exchange"`
	RoutingKey  string          `json:"routingKey"`
	Routes      []string        `json:"routes"`
	Redelivered bool            `json:"redelivered"`
	Payload     json.RawMessage `json:"payload"`
}

func (l *listener) message(m pulse.Message) error {
	payload := json.RawMessage(m.Body)
	if !json.Valid(m.Body) {
		payload, _ = json.Marshal(string(m.Body)) // a text always can
	}
	h := heard{m.Received.UTC(), m.Exchange, m.RoutingKey, append([]string{}, m.Routes...), m.Redelivered, payload}
	line, err := json.Marshal(h)
	if err == nil && !l.g.json {
		var compact bytes.Buffer
		if err = json.Compact(&compact, payload); err == nil {
			line = fmt.Appendf(nil, "%s %s %s %s", when(m.Received), plainWord(rules.ShortExchangeName(l.prefix, m.Exchange)), plainWord(m.RoutingKey), compact.Bytes())
		}
	}
	if err != nil {
		return fmt.Errorf("write a message of %s: %w", m.Exchange, err)
	}
	if _, err := fmt.Fprintf(l.cmd.OutOrStdout(), "%s\n", line); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// plainWord is a word of somebody else's for a terminal: what doesn't print is escaped.
func plainWord(text string) string {
	quoted := fmt.Sprintf("%+q", text)
	if quoted == `"`+text+`"` {
		return text
	}
	return quoted
}
