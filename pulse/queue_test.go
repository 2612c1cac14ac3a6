package pulse_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

func TestConsumerDeclaresDeletedQueueAgainAndTellsGap(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		begin := time.Now()
		s.start(s.on(0, "#"), s.on(1, "#"))
		s.bound()
		if n := s.awaitTold(pulse.Gap); !n.Since.IsZero() {
			t.Errorf("first sight: since %s", n.Since)
		}
		s.publish(0, "k", "1")
		s.received("1")
		s.forget()
		s.must(s.admin.DeleteQueue(s.queue))
		n := s.awaitTold(pulse.Gap)
		if n.Since.Before(begin) || n.Since.After(n.Time) {
			t.Errorf("gap from %s to %s, test began %s", n.Since, n.Time, begin)
		}
		// The gap is told when the bindings are there: what is sent from now on arrives.
		s.publish(0, "k", "2")
		s.publish(1, "k", "3")
		s.received("1", "2", "3")
		if n := s.awaitTold(pulse.Disconnected); !strings.Contains(n.Err.Error(), "queue was deleted") {
			t.Errorf("got %v", n.Err)
		}
	})
}

func TestTemporaryQueueIsTheConnectionsAlone(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Temporary = true
		s.start(s.on(0, "#"))
		s.awaitTold(pulse.Gap) // from here on everything arrives
		s.publish(0, "k", "1")
		s.received("1")
		if _, err := s.admin.InspectQueue(s.queue); err == nil || !strings.Contains(err.Error(), "RESOURCE_LOCKED") {
			t.Errorf("another connection looks at it: %v", err)
		}
		s.forget()
		s.wire.cut()
		s.awaitTold(pulse.Gap) // made anew, with what was sent between lost
		s.publish(0, "k", "2")
		s.received("1", "2")
		s.stop()
		s.until("gone", func() bool {
			_, err := s.admin.InspectQueue(s.queue)
			return err != nil && strings.Contains(err.Error(), "NOT_FOUND")
		})
	})
}

func TestConsumerTellsGapOnlyWithBindings(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		c, err := pulse.New(s.cfg)
		s.must(err)
		s.consumer = c
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		defer func() { cancel(); s.must(<-done) }()
		s.until("inspected", func() bool { return c.Status().Consumers == 1 })
		if n, told := s.told(pulse.Gap); told {
			t.Errorf("told before any binding was asked for: %+v", n)
		}
		c.SetBindings([]pulse.Binding{s.on(0, "#")})
		s.awaitTold(pulse.Gap)
		s.publish(0, "k", "1")
		s.received("1")
	})
}

func TestConsumerFindsQueueDeletedWhileItWasAway(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "#"))
		s.bound()
		s.awaitTold(pulse.Gap)
		s.forget()
		s.wire.setDown(true)
		s.must(s.admin.DeleteQueue(s.queue))
		s.wire.setDown(false)
		if n := s.awaitTold(pulse.Gap); n.Since.IsZero() {
			t.Error("not known since when")
		}
		s.publish(0, "k", "1")
		s.received("1")
	})
}

func TestConsumerTakesQueueAsItIs(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.must(s.admin.DeclareQueue(s.queue, map[string]any{"x-queue-type": "quorum"}))
		s.start(s.on(0, "#"))
		s.bound()
		s.publish(0, "k", "1")
		s.received("1")
		if _, told := s.told(pulse.Gap); told {
			t.Error("told of a gap")
		}
	})
}

func TestConsumerBindsMissingExchangeLater(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(2, "a"), s.on(2, "b"), s.on(0, "#"), s.on(2, "c"))
		n := s.awaitTold(pulse.BindingMissing)
		if n.Exchange != s.exchanges[2] || !strings.Contains(n.Err.Error(), "404") {
			t.Errorf("got %+v", n)
		}
		s.publish(0, "k", "1")
		s.received("1")
		missing := 0
		for _, b := range s.consumer.Status().Bindings {
			if b.Bound != (b.Exchange == s.exchanges[0]) || b.Bound == (b.Err != "") {
				t.Errorf("got %+v", b)
			}
			if !b.Bound {
				missing++
			}
		}
		if missing != 3 {
			t.Errorf("%d are missing, want 3", missing)
		}
		s.must(s.admin.DeclareExchange(s.exchanges[2]))
		n = s.awaitTold(pulse.BindingBound)
		if n.Exchange != s.exchanges[2] || n.Since.IsZero() {
			t.Errorf("got %+v", n)
		}
		s.bound()
		s.publish(2, "b", "2")
		s.received("1", "2")
		count := 0
		for _, n := range s.history() {
			if n.Kind == pulse.BindingMissing {
				count++
			}
		}
		if count != 1 {
			t.Errorf("told of it %d times", count)
		}
	})
}

func TestConsumerBindsAnewWhatAnExchangeLost(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Inspect = 10 * time.Millisecond
		s.start(s.on(0, "#"))
		s.bound()
		s.must(s.admin.DeleteExchange(s.exchanges[0]))
		s.awaitTold(pulse.BindingMissing)
		s.must(s.admin.DeclareExchange(s.exchanges[0]))
		s.awaitTold(pulse.BindingBound)
		s.publish(0, "k", "1")
		s.received("1")
	})
}

func TestConsumerChangesBindingsLive(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "old"), s.on(0, "both"))
		s.bound()
		s.consumer.SetBindings([]pulse.Binding{s.on(0, "both"), s.on(1, "new"), s.on(0, strings.Repeat("x", 256))})
		s.until("old is off", func() bool { return !s.reaches(0, "old") })
		for _, key := range []string{"both", "new"} {
			if !s.reaches(map[string]int{"both": 0, "new": 1}[key], key) {
				t.Errorf("%s doesn't arrive", key)
			}
		}
		status := s.consumer.Status()
		if len(status.Bindings) != 3 || status.Bindings[2].Bound || !strings.Contains(status.Bindings[2].Err, "impossible") {
			t.Errorf("got %+v", status.Bindings)
		}
	})
}

func TestConsumerTakesFormerBindingsAway(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.must(s.admin.DeclareQueue(s.queue, nil))
		for _, key := range []string{"former", "kept"} {
			s.must(s.admin.Bind(s.queue, pulsetest.Binding{Exchange: s.exchanges[0], RoutingKey: key}))
		}
		s.cfg.Former = []pulse.Binding{s.on(0, "former"), s.on(0, "kept"), s.on(2, "gone"), s.on(0, "never")}
		s.start(s.on(0, "kept"))
		s.until("former is off", func() bool { return !s.reaches(0, "former") })
		if !s.reaches(0, "kept") {
			t.Error("kept doesn't arrive")
		}
	})
}

// reaches tells whether a message gets to the consumer, by another that follows it by a sure way.
func (s *stage) reaches(exchange int, key string) bool {
	s.t.Helper()
	s.probes++
	probe, end := fmt.Sprint("probe ", s.probes), fmt.Sprint("end ", s.probes)
	s.publish(exchange, key, probe)
	// The default exchange passes on what is named after the queue.
	s.must(s.admin.Publish("", s.queue, nil, []byte(end)))
	s.until("the end of the probe arrived", func() bool { return slices.Contains(s.bodies(), end) })
	return slices.Contains(s.bodies(), probe)
}

func TestConsumerBindsThousands(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		var bindings []pulse.Binding
		for i := range 2000 {
			bindings = append(bindings, s.on(i%2, fmt.Sprintf("key.%d", i)))
		}
		s.start(bindings...)
		s.bound()
		s.publish(1, "key.1999", "1")
		s.publish(0, "key.1998", "2")
		s.received("1", "2")
	})
}

func TestConsumerNoticesForeignConsumer(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(s.on(0, "#"))
		s.bound()
		foreign, err := pulsetest.Connect(s.url, s.user, s.password)
		s.must(err)
		defer foreign.Drop()
		s.must(foreign.Prefetch(1))
		_, err = foreign.Consume(s.queue)
		s.must(err)
		if n := s.awaitTold(pulse.ForeignConsumers); n.Consumers != 2 || !s.consumer.Status().Foreign {
			t.Errorf("got %+v", n)
		}
		s.must(foreign.Close())
		if n := s.awaitTold(pulse.ForeignGone); n.Consumers != 1 {
			t.Errorf("got %+v", n)
		}
	})
}

func TestConsumerExpectsItsReplicas(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.cfg.Replicas = func() int { return 2 }
		s.start(s.on(0, "#"))
		s.bound()
		other, err := pulsetest.Connect(s.url, s.user, s.password)
		s.must(err)
		defer other.Drop()
		_, err = other.Consume(s.queue)
		s.must(err)
		s.until("both are counted", func() bool { return s.consumer.Status().Consumers == 2 })
		seen := s.consumer.Status().Inspected
		for range 3 {
			s.until("inspected again", func() bool { return s.consumer.Status().Inspected.After(seen) })
			seen = s.consumer.Status().Inspected
		}
		if _, told := s.told(pulse.ForeignConsumers); told {
			t.Error("a replica was taken for foreign")
		}
	})
}
