package pulse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verdict/internal/testservers"
	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what ought to happen.
const patience = 30 * time.Second

// stage is a broker, fake or real, an administrator who plays Taskcluster, and a consumer that reaches the broker
// through a wire that can be cut.
type stage struct {
	t              *testing.T
	wire           *wire
	url            string // the broker's own
	user, password string
	queue          string
	admin          *pulsetest.Client
	exchanges      []string // two that exist; a third that doesn't
	cfg            pulse.Config
	probes         int // how many times reaches was asked

	mu       sync.Mutex
	got      []pulse.Message // copies
	batches  []int
	notices  []pulse.Notice
	refuse   func(batch []pulse.Message) error // what Handle answers; nil: all is well
	consumer *pulse.Consumer
	stop     func() // ends Run and waits for it
}

// onEach runs a test on the fake broker and, where there is one, on a real RabbitMQ.
func onEach(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "hunter2canary"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		test(t, newStage(t, broker.URL(), "bot", "hunter2canary"))
	})
	t.Run("rabbitmq", func(t *testing.T) {
		t.Parallel()
		url := testservers.AMQP(t)
		user, password := pulseUser(t)
		test(t, newStage(t, url, user, password))
	})
}

var theUser struct {
	sync.Once
	name, password string
}

// pulseUser makes one user for all tests: rabbitmqctl takes its time.
func pulseUser(t *testing.T) (name, password string) {
	theUser.Do(func() {
		theUser.name, theUser.password = fmt.Sprintf("pulse%d", rand.Uint64()), fmt.Sprint(rand.Uint64())
		own := fmt.Sprintf("^(queue/%[1]s/.*|exchange/%[1]s/.*)", theUser.name)
		testservers.Rabbit(t, "add_user", theUser.name, theUser.password)
		testservers.Rabbit(t, "set_permissions", "-p", "/", theUser.name, own, own, "^(queue/"+theUser.name+"/.*|exchange/.*)")
	})
	return theUser.name, theUser.password
}

func newStage(t *testing.T, url, user, password string) *stage {
	s := &stage{t: t, url: url, user: user, password: password, stop: func() {}}
	n := rand.Uint64()
	s.queue = fmt.Sprintf("queue/%s/test%d", user, n)
	admin, err := pulsetest.Connect(url, "guest", "guest")
	s.must(err)
	s.admin = admin
	t.Cleanup(func() {
		s.stop()
		admin.DeleteQueue(s.queue)
		for _, name := range s.exchanges {
			admin.DeleteExchange(name)
		}
		admin.Drop()
	})
	for _, name := range []string{"task-failed", "task-completed", "task-missing"} {
		s.exchanges = append(s.exchanges, fmt.Sprintf("exchange/taskcluster-queue%d/v1/%s", n, name))
	}
	s.must(admin.DeclareExchange(s.exchanges[0]))
	s.must(admin.DeclareExchange(s.exchanges[1]))
	s.wire = newWire(t, strings.TrimPrefix(url, "amqp://"))
	s.cfg = pulse.Config{
		URL: "amqp://" + s.wire.listener.Addr().String(), User: user, Queue: s.queue,
		Password: func() (string, error) { return s.password, nil },
		Inspect:  50 * time.Millisecond,
		Handle:   s.handle,
		Notice:   s.notice,
	}
	return s
}

func (s *stage) handle(_ context.Context, batch []pulse.Message) error {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	if refuse != nil {
		if err := refuse(batch); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, len(batch))
	for _, m := range batch {
		m.Routes = slices.Clone(m.Routes)
		s.got = append(s.got, m)
	}
	return nil
}

func (s *stage) notice(n pulse.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices = append(s.notices, n)
}

// start runs a consumer that is bound to these keys of the first exchange.
func (s *stage) start(bindings ...pulse.Binding) {
	s.t.Helper()
	consumer, err := pulse.New(s.cfg)
	s.must(err)
	s.consumer = consumer
	consumer.SetBindings(bindings)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- consumer.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			s.must(err)
		case <-time.After(patience):
			s.t.Error("Run doesn't end")
		}
	})
}

// bound waits until all bindings are as wanted.
func (s *stage) bound() {
	s.t.Helper()
	s.until("bound", func() bool {
		status := s.consumer.Status()
		return status.Connected && !slices.ContainsFunc(status.Bindings, func(b pulse.BindingStatus) bool { return !b.Bound })
	})
}

// on is a binding to an exchange.
func (s *stage) on(exchange int, key string) pulse.Binding {
	return pulse.Binding{Exchange: s.exchanges[exchange], RoutingKey: key}
}

func (s *stage) publish(exchange int, key, body string, cc ...string) {
	s.t.Helper()
	s.must(s.admin.Publish(s.exchanges[exchange], key, cc, []byte(body)))
}

// messages gives what was handled.
func (s *stage) messages() []pulse.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// history gives what was told.
func (s *stage) history() []pulse.Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notices)
}

// bodies gives what was handled, in order, without repeats.
func (s *stage) bodies() []string {
	var list []string
	for _, m := range s.messages() {
		if !slices.Contains(list, string(m.Body)) {
			list = append(list, string(m.Body))
		}
	}
	return list
}

// received waits until just these bodies were handled, in this order but for repeats.
func (s *stage) received(want ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("received %q", want), func() bool { return slices.Equal(s.bodies(), want) })
}

// told gives the latest notice of a kind.
func (s *stage) told(kind pulse.NoticeKind) (pulse.Notice, bool) {
	for _, n := range slices.Backward(s.history()) {
		if n.Kind == kind {
			return n, true
		}
	}
	return pulse.Notice{}, false
}

// awaitTold waits for a notice.
func (s *stage) awaitTold(kind pulse.NoticeKind) pulse.Notice {
	s.t.Helper()
	var n pulse.Notice
	s.until("told of "+string(kind), func() (ok bool) {
		n, ok = s.told(kind)
		return ok
	})
	return n
}

// forget forgets the notices so far.
func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices = nil
}

// until waits for a state.
func (s *stage) until(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-deadline:
			s.mu.Lock()
			defer s.mu.Unlock()
			s.t.Fatalf("not %s\nstatus %+v\nnotices %v\nbatches %v", what, s.consumer.Status(), s.notices, s.batches)
		}
	}
}

// drained waits until the queue is empty and everything in it acknowledged: another consumer finds nothing.
func (s *stage) drained() {
	s.t.Helper()
	s.stop()
	q, err := s.admin.InspectQueue(s.queue)
	s.must(err)
	if q.Ready != 0 || q.Consumers != 0 {
		s.t.Errorf("the queue has %d messages and %d consumers, want none", q.Ready, q.Consumers)
	}
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// wire passes bytes on between the consumer and the broker, until it is cut or silent.
type wire struct {
	listener net.Listener
	to       string
	work     sync.WaitGroup

	mu     sync.Mutex
	ends   []net.Conn
	silent bool
	down   bool
}

func newWire(t *testing.T, to string) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: to}
	w.work.Go(w.accept)
	t.Cleanup(func() {
		listener.Close()
		w.cut()
		w.work.Wait()
	})
	return w
}

func (w *wire) accept() {
	for {
		here, err := w.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		there, err := net.Dial("tcp", w.to)
		w.mu.Lock()
		if err != nil || w.down {
			here.Close()
			if err == nil {
				there.Close()
			}
			w.mu.Unlock()
			continue
		}
		w.ends = append(w.ends, here, there)
		w.mu.Unlock()
		w.work.Go(func() { w.pass(here, there) })
		w.work.Go(func() { w.pass(there, here) })
	}
}

// pass copies until an end is closed; a silent wire swallows.
func (w *wire) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		w.mu.Lock()
		silent := w.silent
		w.mu.Unlock()
		if !silent && n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// cut ends all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range w.ends {
		end.Close()
	}
	w.ends, w.silent = nil, false
}

// hush swallows what is said on the present connections and new ones, until cut.
func (w *wire) hush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
}

func (w *wire) setDown(down bool) {
	w.mu.Lock()
	w.down = down
	w.mu.Unlock()
	if down {
		w.cut()
	}
}
