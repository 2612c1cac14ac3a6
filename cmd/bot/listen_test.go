package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/internal/testservers"
	"verdict/pulse/pulsetest"
	"verdict/rules"
	"verdict/taskcluster/api/exchanges"
)

// written is what a command printed so far.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// The broker that counts takes the temporary queue from a user with pulse's rights, and has none left at the end.
func TestListenOnRabbitMQ(t *testing.T) {
	url := testservers.AMQP(t)
	user, password := testservers.PulseUser(t)
	admin, err := pulsetest.Connect(url, "guest", "guest")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	exchange := "exchange/" + user + "/v1/example"
	if err := admin.DeclareExchange(exchange); err != nil {
		t.Fatal(err)
	}
	defer admin.DeleteExchange(exchange)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	for name, text := range map[string]string{
		config: fmt.Sprintf("pulse: {url: '%s', user: %s, passwordFile: secret}\n", url, user), filepath.Join(dir, "secret"): password,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errOut written
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"taskcluster", "listen", exchange + ":a.#", "--config", config, "--count", "1"}, nil, &out, &errOut)
	}()
	for !strings.Contains(errOut.String(), "listening") {
		select {
		case code := <-ended:
			t.Fatalf("ended with %d: %s", code, &errOut)
		case <-time.After(5 * time.Millisecond):
		}
	}
	for _, key := range []string{"b.c", "a.c"} {
		if err := admin.Publish(exchange, key, nil, []byte(`{"key": "`+key+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if code := <-ended; code != exitFine {
		t.Errorf("ended with %d: %s", code, &errOut)
	}
	if got := out.String(); !strings.HasSuffix(got, " "+exchange+` a.c {"key":"a.c"}`+"\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("printed %q", got)
	}
	if queues := testservers.Rabbit(t, "list_queues", "-q", "name"); strings.Contains(queues, "queue/"+user+"/listen-") {
		t.Errorf("a queue was left behind:\n%s", queues)
	}
}

// Every exchange of Taskcluster's references has its name in rules.
func TestRulesKnowEveryExchange(t *testing.T) {
	var names []string
	for _, e := range exchanges.All {
		names = append(names, e.Name)
		if long, ok := rules.ExchangeName("", e.Name); !ok || long != e.FullName || rules.ShortExchangeName("", long) != e.Name {
			t.Errorf("%s is called %s, and that %s; want %s", e.Name, long, rules.ShortExchangeName("", long), e.FullName)
		}
	}
	slices.Sort(names)
	if got := rules.ExchangeNames(); !slices.Equal(got, names) {
		t.Errorf("rules know %v\nthe references have %v", got, names)
	}
}
