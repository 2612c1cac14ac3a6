package pulse_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

func TestProbeTriesAllThatAConsumerDoes(t *testing.T) {
	onEach(t, func(t *testing.T, s *stage) {
		s.start(pulse.Binding{Exchange: s.exchanges[0], RoutingKey: "#"})
		s.bound()
		s.stop()
		s.publish(0, "a.b", "{}")
		cfg := s.cfg
		cfg.Handle = nil
		p, err := pulse.Probe(t.Context(), cfg, []string{s.exchanges[0], s.exchanges[2], "amq.topic"})
		s.must(err)
		var got []string
		for _, trial := range p.Trials {
			got = append(got, fmt.Sprintf("%s ok=%t refused=%t missing=%t", trial.Name, trial.Err == nil, trial.Refused, trial.Missing))
		}
		want := []string{
			"connect ok=true refused=false missing=false",
			"configure ok=true refused=false missing=false",
			"bind ok=true refused=false missing=false",
			"bind ok=false refused=false missing=true",
			"bind ok=false refused=true missing=false", // not an exchange that its user may read
			"read ok=true refused=false missing=false",
			"inspect ok=true refused=false missing=false",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
		if !p.Exists || p.Messages != 1 || p.Consumers != 0 {
			t.Errorf("the queue: %+v, want that it exists, with one message and no consumer", p)
		}
	})
}

func TestProbeTellsWhatItIsRefused(t *testing.T) {
	broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "pw"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	probe := func(queue, password string) pulse.Probed {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		p, err := pulse.Probe(ctx, pulse.Config{
			URL: broker.URL(), User: "bot", Queue: queue, Password: func() (string, error) { return password, nil },
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := probe("queue/bot/prod", "wrong"); len(p.Trials) != 1 || p.Trials[0].Name != pulse.TrialConnect || p.Trials[0].Err == nil {
		t.Errorf("a wrong password: %+v", p)
	}
	p := probe("queue/bot/prod", "pw")
	for _, trial := range p.Trials {
		if trial.Err != nil {
			t.Errorf("%s: %v", trial.Name, trial.Err)
		}
	}
	if p.Exists {
		t.Error("the queue exists: the probe made it")
	}
	if err := broker.AwaitConnections(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, err := pulse.Probe(t.Context(), pulse.Config{URL: "http://x"}, nil); err == nil {
		t.Error("an URL of another kind is no error")
	}
}
