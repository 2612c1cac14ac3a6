package pulse_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

func TestConsumerHandsOverWhatItIsBoundTo(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "primary.*.0.#"), s.on(1, "route.index.#"))
		s.bound()
		s.publish(0, "primary.a.0.w", "1", "route.index.x", "route.y.z", "other")
		s.publish(0, "primary.a.1.w", "not for us")
		s.publish(1, "primary.b.0.w", "2", "route.index.k")
		s.received("1", "2")
		m := s.messages()[0]
		if m.Exchange != s.exchanges[0] || m.RoutingKey != "primary.a.0.w" || fmt.Sprint(m.Routes) != "[index.x y.z]" ||
			m.Redelivered || m.ContentType != "application/json" || time.Since(m.Received) > patience {
			t.Errorf("got %+v", m)
		}
		if m := s.messages()[1]; m.RoutingKey != "primary.b.0.w" || fmt.Sprint(m.Routes) != "[index.k]" {
			t.Errorf("got %+v", m)
		}
		s.until("counted", func() bool { return s.consumer.Status().Acked == 2 })
		s.drained()
	})
}

func TestConsumerTakesBacklogInBatches(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		const n = 3000
		s.must(s.admin.DeclareQueue(s.queue, nil))
		s.must(s.admin.Bind(s.queue, pulsetest.Binding{Exchange: s.exchanges[0], RoutingKey: "#"}))
		for i := range n {
			s.must(s.admin.Send(s.exchanges[0], "k", nil, fmt.Append(nil, i)))
		}
		s.cfg.Prefetch, s.cfg.BatchSize, s.cfg.BatchWait = 400, 100, time.Second
		s.start()
		s.until("all handled", func() bool { return s.consumer.Status().Acked == n })
		for i, m := range s.messages() {
			if string(m.Body) != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, m.Body)
			}
		}
		for _, size := range s.batches {
			if size > 100 {
				t.Errorf("a batch of %d", size)
			}
		}
		if len(s.batches) > n/100+1 {
			t.Errorf("%d messages came in %d batches of 100", n, len(s.batches))
		}
		s.drained()
	})
}

func TestConsumerClosesBatchOfLargeMessagesEarly(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.BatchWait = time.Hour
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", strings.Repeat("x", 5<<20))
		s.until("handled", func() bool { return s.consumer.Status().Acked == 1 })
	})
}

func TestConsumerAcksOnlyWhatIsHandled(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		var tries atomic.Int32
		s.refuse = func(batch []pulse.Message) error {
			if len(batch) != 1 || string(batch[0].Body) != "1" {
				t.Errorf("a refused batch came again as %v", batch)
			}
			if tries.Add(1) < 3 {
				return errors.New("no space left")
			}
			return nil
		}
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		if n := s.awaitTold(pulse.HandleFailed); n.Err == nil || n.Err.Error() != "no space left" {
			t.Errorf("got %v", n.Err)
		}
		s.received("1")
		s.awaitTold(pulse.HandleRecovered)
		if s.messages()[0].Redelivered || tries.Load() != 3 {
			t.Errorf("redelivered %t after %d tries", s.messages()[0].Redelivered, tries.Load())
		}
		if s.consumer.Status().Stalled {
			t.Error("still stalled")
		}
		s.drained()
	})
}

func TestConsumerLeavesUnhandledBatchToTheBroker(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.refuse = func([]pulse.Message) error { return errors.New("no space left") }
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		s.awaitTold(pulse.HandleFailed)
		s.stop()
		if status := s.consumer.Status(); status.Acked != 0 || status.Connected || !status.Stalled {
			t.Errorf("got %+v", status)
		}
		s.refuse = nil
		s.start(s.on(0, "#"))
		s.received("1")
		if !s.messages()[0].Redelivered {
			t.Error("not marked as redelivered")
		}
		s.drained()
	})
}

func TestConsumerConnectsAgainAndLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "#"))
		s.bound()
		var want []string
		for round := range 3 {
			for i := range 20 {
				body := fmt.Sprint(round, i)
				s.publish(0, "k", body)
				want = append(want, body)
				if i == 10 {
					s.wire.cut()
				}
			}
		}
		s.received(want...)
		if n := s.awaitTold(pulse.Disconnected); n.Err == nil {
			t.Error("a loss without a reason")
		}
		if _, gap := s.told(pulse.Gap); !gap {
			t.Error("the first declaration wasn't told")
		}
		s.drained()
	})
}

func TestConsumerDropsBatchWhoseChannelIsLost(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		// The store is away, then the broker: what was in hand comes again by a new channel, and its old tag is
		// never used.
		fail := atomic.Bool{}
		fail.Store(true)
		s.refuse = func(batch []pulse.Message) error {
			if fail.Load() {
				return errors.New("database is down")
			}
			return nil
		}
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		s.awaitTold(pulse.HandleFailed)
		s.wire.cut()
		s.awaitTold(pulse.Disconnected)
		fail.Store(false)
		s.received("1")
		if !s.messages()[0].Redelivered {
			t.Error("not marked as redelivered")
		}
		s.publish(0, "k", "2")
		s.received("1", "2")
		s.drained()
	})
}

func TestConsumerFinishesBatchInHandWhenStopped(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		inHand, goOn := make(chan bool), make(chan bool)
		s.refuse = func([]pulse.Message) error {
			inHand <- true
			<-goOn
			return nil
		}
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		<-inHand
		stopped := make(chan bool)
		go func() { s.stop(); close(stopped) }()
		select {
		case <-stopped:
			t.Error("stopped with a batch in hand")
		case goOn <- true:
		}
		<-stopped
		s.received("1")
		s.drained()
	})
}

func TestConsumerCutsShortHandlerThatOutlivesDrain(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Drain = 20 * time.Millisecond
		inHand := make(chan bool, 1)
		s.cfg.Handle = func(ctx context.Context, _ []pulse.Message) error {
			inHand <- true
			<-ctx.Done()
			return ctx.Err()
		}
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		<-inHand
		s.stop()
		q, err := s.admin.InspectQueue(s.queue)
		s.must(err)
		if q.Ready != 1 {
			t.Errorf("%d messages are left, want 1", q.Ready)
		}
	})
}

func TestConsumerNoticesSilentBroker(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Heartbeat = time.Second
		s.start(s.on(0, "#"))
		s.bound()
		s.wire.hush()
		s.awaitTold(pulse.Disconnected)
		s.wire.cut()
		s.publish(0, "k", "1")
		s.received("1")
	})
}

func TestConsumerStopsWhileBrokerIsSilent(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "#"))
		s.bound()
		s.wire.hush()
		begin := time.Now()
		s.stop()
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
		s.wire.cut()
	})
}

func TestConsumerAsksForPasswordAtEachConnect(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		right := s.password
		var asked atomic.Int32
		s.cfg.Password = func() (string, error) {
			switch asked.Add(1) {
			case 1:
				return "", errors.New("open /run/credentials/pulse: no such file")
			case 2:
				return "wrong-canary", nil
			}
			return right, nil
		}
		s.start(s.on(0, "#"))
		s.bound()
		for i, want := range []string{"no such file", "log in as " + s.user} {
			n := s.history()[i]
			if n.Kind != pulse.ConnectFailed || !strings.Contains(n.Err.Error(), want) || strings.Contains(n.Err.Error(), "canary") {
				t.Errorf("notice %d: got %s %v, want %q", i, n.Kind, n.Err, want)
			}
		}
	})
}

func TestConsumerSaysWhichVhostIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Vhost = "nowhere"
		s.start()
		n := s.awaitTold(pulse.ConnectFailed)
		if !strings.Contains(n.Err.Error(), `vhost "nowhere"`) {
			t.Errorf("got %v", n.Err)
		}
	})
}

func TestConsumerWaitsForBroker(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.wire.setDown(true)
		s.start(s.on(0, "#"))
		s.awaitTold(pulse.ConnectFailed)
		s.wire.setDown(false)
		s.bound()
	})
}

func TestConsumerRunsOnceAtATime(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "#"))
		s.bound()
		if err := s.consumer.Run(t.Context()); err == nil {
			t.Error("ran twice")
		}
	})
}
