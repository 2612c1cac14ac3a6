// Command bot is the bot with points at which it can be killed or frozen. It is never shipped.
//
//	bot -config config.yaml -trace FILE [-at gerrit.Review#1:after -signal KILL -once FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"verdict/internal/app"
	"verdict/internal/config"
	"verdict/test/chaos/failpoint"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pace lets another process take over soon, and leaves a call of the fakes more time than it ever needs.
var pace = app.Pace{
	EventLease: 2 * time.Second, LaneLease: 2 * time.Second, FetchLease: 2 * time.Second, Request: time.Second, Window: 200 * time.Millisecond,
}

func run() error {
	file := flag.String("config", "config.yaml", "the bot's configuration")
	trace := flag.String("trace", "", "the file to which the points are appended as they are passed")
	at := flag.String("at", "", "the point at which the signal comes")
	signal := flag.String("signal", "KILL", "KILL or STOP")
	once := flag.String("once", "", "the file that is removed at the point; without it nothing happens there")
	flag.Parse()
	points := &failpoint.Points{At: *at, Signal: syscall.SIGKILL, Once: *once}
	if *signal == "STOP" {
		points.Signal = syscall.SIGSTOP
	}
	out, err := os.OpenFile(*trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	points.Trace = out
	cfg, err := config.Load(*file)
	if err != nil {
		return err
	}
	ctx, reload, stop := app.Signals(context.Background())
	defer stop()
	return app.Run(ctx, app.Options{
		Config: cfg, Log: app.NewLog(cfg, os.Stderr), Version: "chaos", Reload: reload,
		Wrap: func(parts *app.Parts) {
			points.Wrap(parts)
			parts.Pace = pace
		},
	})
}
