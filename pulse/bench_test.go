package pulse_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/streadway/amqp"

	"verdict/internal/testservers"
	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

// BenchmarkBacklog takes a backlog of messages from a real RabbitMQ, or from the fake, by the Consumer and by the
// library alone with the same prefetch and batches of acknowledgements: what the Consumer adds is the difference.
func BenchmarkBacklog(b *testing.B) {
	drains := map[string]func(b *testing.B, url, queue string, n int){"library": drainBare, "consumer": drainConsumer}
	for name, drain := range drains {
		b.Run("rabbitmq/"+name, func(b *testing.B) {
			benchmark(b, testservers.AMQP(b), drain)
		})
		b.Run("fake/"+name, func(b *testing.B) {
			broker, err := pulsetest.Start(pulsetest.Options{MaxBytes: 2 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer broker.Close()
			benchmark(b, broker.URL(), drain)
		})
	}
}

func benchmark(b *testing.B, url string, drain func(b *testing.B, url, queue string, n int)) {
	admin, err := pulsetest.Connect(url, "guest", "guest")
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Drop()
	queue := fmt.Sprintf("queue/guest/bench%d", rand.Uint64())
	if err := admin.DeclareQueue(queue, nil); err != nil {
		b.Fatal(err)
	}
	defer admin.DeleteQueue(queue)
	body := bytes.Repeat([]byte(`{"status":"x"}`), 100)
	for range b.N {
		if err := admin.Send("", queue, []string{"route.index.a", "route.index.b"}, body); err != nil {
			b.Fatal(err)
		}
	}
	if err := admin.Publish("", queue, nil, body); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	begin := cpu()
	drain(b, url, queue, b.N+1)
	b.StopTimer()
	b.ReportMetric(float64((cpu()-begin).Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// cpu is what this process has used so far: on a machine that does other things too, it compares better than the
// clock.
func cpu() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func drainConsumer(b *testing.B, url, queue string, n int) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	left := n
	c, err := pulse.New(pulse.Config{
		URL: url, User: "guest", Queue: queue, Password: func() (string, error) { return "guest", nil },
		Handle: func(_ context.Context, batch []pulse.Message) error {
			if left -= len(batch); left <= 0 {
				cancel()
			}
			return nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Run(ctx); err != nil || left > 0 {
		b.Fatal(err, left)
	}
}

func drainBare(b *testing.B, url, queue string, n int) {
	conn, err := amqp.Dial(url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		b.Fatal(err)
	}
	if err := ch.Qos(500, 0, false); err != nil {
		b.Fatal(err)
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i <= n; i++ {
		d := <-deliveries
		if i%250 == 0 || i == n {
			if err := d.Ack(true); err != nil {
				b.Fatal(err)
			}
		}
	}
}
