package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app"
	"verdict/internal/config"
	"verdict/internal/ingest"
	"verdict/internal/store"
)

// verdict is the whole bot: its wiring is cmd/bot's, with a clock around the commit after which messages are acked.
func verdict(ctx context.Context, messages, rules int) (result, error) {
	dir, err := os.MkdirTemp("", "verdict-bench-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	if err := writeConfig(dir, rules); err != nil {
		return result{}, err
	}
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"))
	if err != nil {
		return result{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	clock := &clock{messages: int64(messages), all: stop}
	err = app.Run(ctx, app.Options{Config: cfg, Log: zerolog.New(os.Stderr).Level(zerolog.WarnLevel), Wrap: func(p *app.Parts) {
		clock.Store = p.Intake
		p.Intake = clock
	}})
	if err != nil && !errors.Is(err, context.Canceled) {
		return result{}, err
	}
	if clock.elapsed == 0 {
		return result{}, fmt.Errorf("only %d of %d messages were stored", clock.stored.Load(), messages)
	}
	return result{Elapsed: clock.elapsed}, nil
}

// clock times intake from the first batch's arrival to the last one's commit.
type clock struct {
	ingest.Store
	messages int64
	stored   atomic.Int64
	began    atomic.Int64
	elapsed  time.Duration
	all      func()
}

func (c *clock) Accept(ctx context.Context, in store.Intake) (int, error) {
	n := int64(0)
	for _, e := range in.Events {
		if e.Source == "pulse" {
			n++
		}
	}
	if n > 0 {
		c.began.CompareAndSwap(0, time.Now().UnixNano())
	}
	added, err := c.Store.Accept(ctx, in)
	if err == nil && n > 0 && c.stored.Add(n) == c.messages {
		c.elapsed = time.Duration(time.Now().UnixNano() - c.began.Load())
		// What matched is delivered too before the process is measured: a little longer, as a bot would run.
		time.AfterFunc(2*time.Second, c.all)
	}
	return added, err
}

func writeConfig(dir string, rules int) error {
	files := map[string]string{"token": "secret", "password": user}
	const perTeam = 50
	var teams strings.Builder
	teams.WriteString("teams:\n")
	for team := 0; team*perTeam < rules; team++ {
		fmt.Fprintf(&teams, "  team%d:\n    folder: team%d/\n    contact: {email: team%d@example.org}\n    gerrit:\n      - {server: main, projects: [demo], labels: {Verified: [-1, 1]}, actions: [vote, comment]}\n", team, team, team)
		var file strings.Builder
		file.WriteString("rules:\n")
		for n := team * perTeam; n < min((team+1)*perTeam, rules); n++ {
			fmt.Fprintf(&file, `  - name: rule-%d
    on: {exchange: queue/task-failed, routingKey: {workerType: ci-%d}}
    when:
      - 'event.status.state == "failed" && event.runId == size(event.status.runs) - 1'
      - 'has(event.task) && event.task.tags.kind == "build" && event.status.runs[0].?reasonResolved.orValue("") != "rule-%d"'
    do:
      - comment: 'task ${event.status.taskId} failed on ci-%d'
`, n, n, n, n)
		}
		files[fmt.Sprintf("rules/team%d/rules.yaml", team)] = file.String()
	}
	files["teams.yaml"] = teams.String()
	broker, err := url.Parse(os.Getenv("BENCH_AMQP_URL"))
	if err != nil {
		return err
	}
	files["config.yaml"] = fmt.Sprintf(`instance: bench
begin: 24h
store: {url: 'sqlite:%[1]s/verdict.db'}
admin: {socket: '%[1]s/admin.sock'}
listen: {web: '', hooks: '', metrics: ''}
pulse: {url: 'amqp://%[2]s', user: %[3]s, passwordFile: '%[1]s/password'}
gerrit:
  main: {url: '%[4]s', user: bot, tokenFile: '%[1]s/token', limits: {requestsPerSecond: 0, concurrent: 64}}
rules: {dir: '%[1]s/rules', teams: '%[1]s/teams.yaml'}
`, dir, broker.Host, user, os.Getenv("BENCH_GERRIT_URL"))
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
