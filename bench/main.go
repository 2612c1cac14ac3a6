// Command bench measures the bot beside what it could be at best, on the machine at hand.
//
// One run starts a RabbitMQ of its own, and for each contender in turn fills a queue and lets the contender empty
// it: the bare consumer (the ceiling: streadway/amqp, acks in batches, prefetch 500), a naive bot (unmarshal to a
// map, loop over all rules, ack each), and the bot with 100 and with 10 000 rules, which stores every message with
// SQLite's synchronous=FULL and delivers one in a hundred to a Gerrit that takes 20 ms an answer. Each contender is a
// process of its own. Printed are messages a second, counted at the ack, CPU a message and peak memory, as minimum,
// median and maximum, and the ratio to the ceiling of the same round.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"verdict/internal/testservers/launch"
)

// result is what a contender's process says of itself.
type result struct {
	Messages int
	Elapsed  time.Duration // from the first message's arrival to the last ack
	CPU      time.Duration
	RSS      int64 // bytes at the peak
}

func (r result) rate() float64 { return float64(r.Messages) / r.Elapsed.Seconds() }

var contenders = []string{"bare", "naive-100", "naive-10000", "verdict-100", "verdict-10000"}

func main() {
	messages := flag.Int("messages", 60_000, "messages that each contender empties a queue of")
	rounds := flag.Int("rounds", 5, "rounds in which each contender runs once")
	only := flag.String("only", strings.Join(contenders, ","), "contenders")
	contender := flag.String("contender", "", "run as this contender (used by the program itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := error(nil)
	if *contender != "" {
		err = runContender(ctx, *contender, *messages)
	} else {
		err = compare(ctx, *messages, *rounds, strings.Split(*only, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, messages, rounds int, names []string) (err error) {
	servers, err := launch.Start(ctx, []string{"rabbitmq"}, os.Stderr)
	defer func() { err = errors.Join(err, servers.Stop()) }()
	if err != nil {
		return err
	}
	fill, err := newFiller(valueOf(servers.Env(), "VERDICT_TEST_AMQP_URL"))
	if err != nil {
		return err
	}
	defer fill.close()
	slow, stop, err := startGerrit()
	if err != nil {
		return err
	}
	defer stop()
	t := table{rounds: rounds}
	for round := range rounds {
		for _, name := range names {
			if err := fill.queue(messages); err != nil {
				return fmt.Errorf("fill the queue: %w", err)
			}
			r, err := race(ctx, name, messages, append(os.Environ(), "BENCH_AMQP_URL="+fill.url, "BENCH_GERRIT_URL="+slow))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(os.Stderr, "round %d %-14s %7.0f/s %6.1f µs %6.1f MiB\n", round+1, name, r.rate(), float64(r.CPU.Microseconds())/float64(r.Messages), float64(r.RSS)/(1<<20))
			t.add(name, r)
		}
	}
	t.print(os.Stdout)
	return nil
}

func race(ctx context.Context, name string, messages int, env []string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-contender", name, "-messages", fmt.Sprint(messages))
	cmd.Env, cmd.Stderr = env, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, err
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("read what the contender says: %w", err)
	}
	return r, nil
}

func valueOf(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
