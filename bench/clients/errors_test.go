package clients

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	build "golang.org/x/build/gerrit"

	"verdict/gerrit"
	"verdict/internal/testservers"
)

// A thousand errors, one after the other, need one connection.
func TestErrorsLeakNoConnection(t *testing.T) {
	url := testservers.Gerrit(t)
	for name, c := range map[string]struct {
		ask  func(h *http.Client) func(context.Context) error
		most int64
	}{
		"ours": {func(h *http.Client) func(context.Context) error {
			client := gerrit.NewClient(url, gerrit.BasicAuth("ci-bot", testservers.Accounts["ci-bot"]))
			client.HTTPClient = h
			return func(ctx context.Context) error { _, err := client.GetChange(ctx, "demo~987654"); return err }
		}, 1},
		"theirs": {func(h *http.Client) func(context.Context) error {
			client := build.NewClient(url, build.BasicAuth("ci-bot", testservers.Accounts["ci-bot"]))
			client.HTTPClient = h
			return func(ctx context.Context) error { _, err := client.GetChange(ctx, "demo~987654"); return err }
		}, 1000},
	} {
		var made, open atomic.Int64
		transport := gerrit.NewTransport(nil)
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			made.Add(1)
			open.Add(1)
			return &counted{Conn: conn, open: &open}, nil
		}
		ask := c.ask(&http.Client{Transport: transport})
		for range 1000 {
			if err := ask(t.Context()); err == nil {
				t.Fatalf("%s: no error", name)
			}
		}
		t.Logf("%s: 1000 errors made %d connections, %d are open", name, made.Load(), open.Load())
		transport.CloseIdleConnections()
		if made.Load() > c.most || open.Load() != 0 {
			t.Errorf("%s: made %d connections, and %d stay open; want %d and none", name, made.Load(), open.Load(), c.most)
		}
	}
}

// counted is a connection that says when it is closed.
type counted struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}
