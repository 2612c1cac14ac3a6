package pulsetest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"verdict/internal/testservers"
	"verdict/pulse/pulsetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a broker, fake or real, with an administrator and a user with pulse's rights.
type bench struct {
	url            string
	user, password string
	admin          *pulsetest.Client
	exchange       string // exists, and is this test's own
	queue          string // a name that the user may declare
}

func (b *bench) connect(t *testing.T) *pulsetest.Client {
	t.Helper()
	c, err := pulsetest.Connect(b.url, b.user, b.password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Drop)
	return c
}

// contract is what the fake and RabbitMQ both do.
var contract = map[string]func(*testing.T, *bench){
	"refuses a wrong password":                           refusesWrongPassword,
	"refuses what pulse's rights don't cover":            refusesBeyondRights,
	"refuses a queue of other arguments":                 refusesOtherArguments,
	"routes by topic":                                    routesByTopic,
	"routes by carbon copy, once a queue":                routesByCarbonCopy,
	"delivers no more than the prefetch":                 keepsPrefetch,
	"refuses an unknown tag and delivers again":          refusesUnknownTag,
	"delivers again what a lost connection left":         deliversAgain,
	"puts back what is rejected":                         putsBack,
	"tells consumers of a deleted queue":                 tellsOfDeletedQueue,
	"forgets bindings with their exchange":               forgetsBindings,
	"takes away a binding, and one that isn't there too": unbinds,
	"carries a large message":                            carriesLargeMessage,
	"counts what waits and who consumes":                 counts,
	"ends a consumer":                                    endsConsumer,
}

func TestContractOnFake(t *testing.T) {
	run(t, func(t *testing.T) *bench {
		broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		return &bench{url: broker.URL(), user: "bot", password: "secret"}
	})
}

func TestContractOnRabbitMQ(t *testing.T) {
	url := testservers.AMQP(t)
	user, password := testservers.PulseUser(t)
	run(t, func(t *testing.T) *bench {
		return &bench{url: url, user: user, password: password}
	})
}

func run(t *testing.T, start func(*testing.T) *bench) {
	for name, check := range contract {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			admin, err := pulsetest.Connect(b.url, "guest", "guest")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(admin.Drop)
			b.admin = admin
			b.exchange = fmt.Sprintf("exchange/taskcluster-test%d/v1/x", rand.Uint64())
			b.queue = fmt.Sprintf("queue/%s/test%d", b.user, rand.Uint64())
			must(t, admin.DeclareExchange(b.exchange))
			t.Cleanup(func() {
				admin.DeleteQueue(b.queue)
				admin.DeleteExchange(b.exchange)
			})
			check(t, b)
		})
	}
}

func refusesWrongPassword(t *testing.T, b *bench) {
	_, err := pulsetest.Connect(b.url, b.user, "wrong")
	wantCode(t, "wrong password", err, 403)
	_, err = pulsetest.Connect(b.url, "nobody-"+b.user, b.password)
	wantCode(t, "unknown user", err, 403)
}

func refusesBeyondRights(t *testing.T, b *bench) {
	c := b.connect(t)
	foreign := "queue/other-" + b.user + "/q"
	own := "exchange/" + b.user + "/v1/hello"
	must(t, b.admin.DeclareQueue(foreign, nil))
	t.Cleanup(func() { b.admin.DeleteQueue(foreign) })
	for _, op := range []struct {
		what string
		do   func() error
		code int
	}{
		{"ask for a foreign exchange", func() error { return c.HasExchange(b.exchange) }, 0},
		{"declare a foreign exchange", func() error { return c.DeclareExchange(b.exchange) }, 403},
		{"ask for a missing exchange", func() error { return c.HasExchange(b.exchange + "/nope") }, 404},
		{"declare an own queue", func() error { return c.DeclareQueue(b.queue, nil) }, 0},
		{"declare it again", func() error { return c.DeclareQueue(b.queue, nil) }, 0},
		{"declare a foreign queue", func() error { return c.DeclareQueue(foreign, nil) }, 403},
		{"declare a queue without a name space", func() error { return c.DeclareQueue("t1", nil) }, 403},
		{"let the broker name a queue", func() error { return c.DeclareQueue("", nil) }, 403},
		{"ask for a foreign queue", func() error { _, err := c.InspectQueue(foreign); return err }, 0},
		{"ask for a missing queue", func() error { _, err := c.InspectQueue(b.queue + "-nope"); return err }, 404},
		{"consume a foreign queue", func() error { _, err := c.Consume(foreign); return err }, 403},
		{"bind an own queue", func() error { return c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}) }, 0},
		{"bind it again", func() error { return c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}) }, 0},
		{"bind to a missing exchange", func() error {
			return c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange + "/nope", RoutingKey: "#"})
		}, 404},
		{"bind a foreign queue", func() error { return c.Bind(foreign, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}) }, 403},
		{"publish to a foreign exchange", func() error { return c.Publish(b.exchange, "a", nil, nil) }, 403},
		{"declare an own exchange", func() error { return c.DeclareExchange(own) }, 0},
		{"publish to it", func() error { return c.Publish(own, "a", nil, nil) }, 0},
		{"publish to a missing one", func() error { return c.Publish(own+"/nope", "a", nil, nil) }, 404},
		{"delete it", func() error { return c.DeleteExchange(own) }, 0},
		{"delete a foreign queue", func() error { return c.DeleteQueue(foreign) }, 403},
		{"delete an own queue", func() error { return c.DeleteQueue(b.queue) }, 0},
		{"delete it again", func() error { return c.DeleteQueue(b.queue) }, 0},
	} {
		err := op.do()
		if op.code == 0 && err != nil {
			t.Errorf("%s: %v", op.what, err)
		}
		if op.code != 0 {
			wantCode(t, op.what, err, op.code)
		}
	}
}

func refusesOtherArguments(t *testing.T, b *bench) {
	c := b.connect(t)
	must(t, c.DeclareQueue(b.queue, nil))
	wantCode(t, "redeclare", c.DeclareQueue(b.queue, map[string]any{"x-expires": int64(345600000)}), 406)
}

func routesByTopic(t *testing.T, b *bench) {
	c := b.connect(t)
	must(t, c.DeclareQueue(b.queue, nil))
	for _, row := range []struct {
		pattern, key string
		match        bool
	}{
		{"#", "", true}, {"#", "a", true}, {"#", "a.b.c", true},
		{"*", "", false}, {"*", "a", true}, {"*", "a.b", false},
		{"a.*", "a", false}, {"a.*", "a.b", true}, {"a.*", "a.", true},
		{"a.#", "a", true}, {"a.#", "a.b.c", true}, {"a.#", "b", false},
		{"#.c", "c", true}, {"#.c", "a.b.c", true}, {"#.c", "a.c.b", false},
		{"a.#.d", "a.d", true}, {"a.#.d", "a.b.c.d", true}, {"a.#.d", "a.d.c", false},
		{"#.b.#", "a.b.c", true}, {"#.b.#", "a.c", false}, {"#.*", "", false}, {"#.*", "a.b", true},
		{"primary.*.0.#", "primary.t.0.w", true}, {"primary.*.0.#", "primary.t.1.w", false},
		{"a", "A", false}, {"a.b", "a.b", true}, {"a.b", "a..b", false}, {"a.*.b", "a..b", true},
		{"#.#.#", "a.b", true}, {"*.#.b", "a.b.a.b", true}, {"*.#.b", "b", false}, {"", "", true}, {"", "a", false},
	} {
		binding := pulsetest.Binding{Exchange: b.exchange, RoutingKey: row.pattern}
		must(t, c.Bind(b.queue, binding))
		must(t, b.admin.Publish(b.exchange, row.key, nil, []byte("x")))
		_, got, err := c.Get(b.queue)
		must(t, err)
		if got != row.match {
			t.Errorf("pattern %q, key %q: got matched=%t, want %t", row.pattern, row.key, got, row.match)
		}
		must(t, c.Unbind(b.queue, binding))
	}
}

func routesByCarbonCopy(t *testing.T, b *bench) {
	c := b.connect(t)
	must(t, c.DeclareQueue(b.queue, nil))
	must(t, c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "route.index.#"}))
	must(t, c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "primary.t.#"}))
	must(t, b.admin.Publish(b.exchange, "primary.t.0", []string{"route.index.a", "route.index.b"}, []byte(`{"n":1}`)))
	must(t, b.admin.Publish(b.exchange, "primary.u.0", []string{"route.index.c"}, []byte(`{"n":2}`)))
	must(t, b.admin.Publish(b.exchange, "primary.u.0", nil, []byte(`{"n":3}`)))
	for _, want := range []struct{ key, cc, body string }{
		{"primary.t.0", "[route.index.a route.index.b]", `{"n":1}`},
		{"primary.u.0", "[route.index.c]", `{"n":2}`},
	} {
		got, ok, err := c.Get(b.queue)
		must(t, err)
		if !ok || got.RoutingKey != want.key || fmt.Sprint(got.Headers["CC"]) != want.cc || string(got.Body) != want.body ||
			got.ContentType != "application/json" || got.Exchange != b.exchange || got.Redelivered {
			t.Errorf("got %+v with body %s (%t), want %+v", got, got.Body, ok, want)
		}
	}
	if extra, ok, _ := c.Get(b.queue); ok {
		t.Errorf("got %+v too", extra)
	}
}

func forgetsBindings(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 0)
	must(t, b.admin.DeleteExchange(b.exchange))
	must(t, b.admin.DeclareExchange(b.exchange))
	must(t, b.admin.Publish(b.exchange, "a", nil, []byte("x")))
	if _, ok, err := c.Get(b.queue); ok || err != nil {
		t.Errorf("got a message: %t, %v", ok, err)
	}
}

func unbinds(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 0)
	must(t, c.Unbind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}))
	must(t, c.Unbind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}))
	must(t, c.Unbind(b.queue, pulsetest.Binding{Exchange: b.exchange + "/nope", RoutingKey: "#"}))
	must(t, b.admin.Publish(b.exchange, "a", nil, []byte("x")))
	if _, ok, err := c.Get(b.queue); ok || err != nil {
		t.Errorf("got a message: %t, %v", ok, err)
	}
}

func counts(t *testing.T, b *bench) {
	c, other := b.connect(t), b.connect(t)
	fill(t, b, c, 2)
	want := func(what string, ready, consumers int) {
		t.Helper()
		q, err := c.InspectQueue(b.queue)
		must(t, err)
		if q.Ready != ready || q.Consumers != consumers {
			t.Errorf("%s: got %+v, want %d ready and %d consumers", what, q, ready, consumers)
		}
	}
	want("filled", 2, 0)
	must(t, other.Prefetch(1))
	_, err := other.Consume(b.queue)
	must(t, err)
	receive(t, other, 1)
	want("one delivered", 1, 1)
	must(t, other.Close())
	want("given back", 2, 0)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, what string, err error, codes ...int) {
	t.Helper()
	var refused *pulsetest.Refused
	if !errors.As(err, &refused) || !slices.Contains(codes, refused.Code) {
		t.Errorf("%s: got %v, want code %v", what, err, codes)
	}
}
