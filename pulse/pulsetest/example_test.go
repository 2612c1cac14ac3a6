package pulsetest_test

import (
	"fmt"

	"verdict/pulse/pulsetest"
)

func Example() {
	broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "secret"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()

	// A client of the broker, by whatever library; this one is the package's own.
	bot, err := pulsetest.Connect(broker.URL(), "bot", "secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()
	failed := pulsetest.Binding{Exchange: "exchange/taskcluster-queue/v1/task-failed", RoutingKey: "primary.*.0.#"}
	broker.DeclareExchange(failed.Exchange)
	fmt.Println(bot.DeclareQueue("queue/bot/ci", nil), bot.Bind("queue/bot/ci", failed))

	queues, err := broker.Publish(failed.Exchange, "primary.XyZ.0._", []string{"route.index.demo"}, []byte(`{}`))
	fmt.Println(queues, err)
	msg, _, err := bot.Get("queue/bot/ci")
	fmt.Println(msg.RoutingKey, msg.Headers["CC"], err)
	q, _ := broker.Queue("queue/bot/ci")
	fmt.Println(q.Ready, q.Unacked)

	// Output:
	// <nil> <nil>
	// 1 <nil>
	// primary.XyZ.0._ [route.index.demo] <nil>
	// 0 1
}
