package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/streadway/amqp"
)

// runContender is the process of one contender: it empties the queue and says how it went.
func runContender(ctx context.Context, name string, messages int) error {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		f, err := os.Create(path + "." + name)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	kind, count, _ := strings.Cut(name, "-")
	rules, _ := strconv.Atoi(count)
	var r result
	var err error
	switch kind {
	case "bare":
		r, err = bare(ctx, messages)
	case "naive":
		r, err = naive(ctx, messages, rules)
	case "verdict":
		r, err = verdict(ctx, messages, rules)
	default:
		err = errors.New("no such contender")
	}
	if err != nil {
		return err
	}
	r.Messages = messages
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	r.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	r.RSS = usage.Maxrss << 10
	return json.NewEncoder(os.Stdout).Encode(r)
}

func consume() (*amqp.Channel, <-chan amqp.Delivery, error) {
	conn, err := amqp.Dial(os.Getenv("BENCH_AMQP_URL"))
	if err != nil {
		return nil, nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, nil, err
	}
	if err := ch.Qos(500, 0, false); err != nil {
		return nil, nil, err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	return ch, deliveries, err
}

// bare is the ceiling: it does nothing but take messages and ack them in batches.
func bare(ctx context.Context, messages int) (result, error) {
	ch, deliveries, err := consume()
	if err != nil {
		return result{}, err
	}
	var began time.Time
	for n := 1; n <= messages; n++ {
		select {
		case <-ctx.Done():
			return result{}, ctx.Err()
		case d := <-deliveries:
			if n == 1 {
				began = time.Now()
			}
			if n%100 == 0 || n == messages {
				if err := ch.Ack(d.DeliveryTag, true); err != nil {
					return result{}, err
				}
			}
		}
	}
	return result{Elapsed: time.Since(began)}, nil
}

// naive is the bot that one writes first: every message to a map, a loop over all rules, an ack each. A match does
// nothing.
func naive(ctx context.Context, messages, rules int) (result, error) {
	workerTypes := make([]string, rules)
	for i := range workerTypes {
		workerTypes[i] = fmt.Sprintf("ci-%d", i)
	}
	ch, deliveries, err := consume()
	if err != nil {
		return result{}, err
	}
	var began time.Time
	matched := 0
	for n := 1; n <= messages; n++ {
		var d amqp.Delivery
		select {
		case <-ctx.Done():
			return result{}, ctx.Err()
		case d = <-deliveries:
		}
		if n == 1 {
			began = time.Now()
		}
		var payload map[string]any
		if err := json.Unmarshal(d.Body, &payload); err != nil {
			return result{}, err
		}
		for _, workerType := range workerTypes {
			status, _ := payload["status"].(map[string]any)
			if status["workerType"] == workerType && status["state"] == "failed" && payload["runId"] == 0.0 {
				matched++
			}
		}
		if err := ch.Ack(d.DeliveryTag, false); err != nil {
			return result{}, err
		}
	}
	if matched == 0 {
		return result{}, errors.New("no message matched")
	}
	return result{Elapsed: time.Since(began)}, nil
}
