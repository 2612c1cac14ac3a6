package gerrit

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSH is an account on a server that is reached by SSH: Gerrit's, or any that is logged in to by a private key.
type SSH struct {
	// Addr is host:port.
	Addr, User string
	// Key gives the private key, without a passphrase. It is asked at each login.
	Key func() (string, error)
	// KnownHostsFile holds the server's keys; a server with another one is a *HostKeyError.
	KnownHostsFile string
	// Timeout is how long logging in may take; 30 s when zero.
	Timeout time.Duration
}

// SSHCommand is a command that runs on a server.
type SSHCommand struct {
	Stdin  io.WriteCloser
	Stdout io.Reader

	client *ssh.Client
	stop   func() bool
	said   *complaint
}

// Start logs in and begins a command. When ctx ends, so does the connection. Whoever started it closes it.
func (s SSH) Start(ctx context.Context, command string) (*SSHCommand, error) {
	as := &Stream{Addr: s.Addr, User: s.User, Key: s.Key, KnownHostsFile: s.KnownHostsFile, Timeout: s.Timeout}
	client, err := as.connect(ctx)
	if err != nil {
		return nil, err
	}
	c := &SSHCommand{client: client, said: &complaint{}, stop: context.AfterFunc(ctx, func() { client.Close() })}
	if err := c.start(command); err != nil {
		c.Close()
		return nil, cmp.Or(ctx.Err(), err)
	}
	return c, nil
}

func (c *SSHCommand) start(command string) error {
	session, err := c.client.NewSession()
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	session.Stderr = c.said
	if c.Stdin, err = session.StdinPipe(); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	if c.Stdout, err = session.StdoutPipe(); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	if err := session.Start(command); err != nil {
		return fmt.Errorf("begin the command: %w", err)
	}
	return nil
}

// Close ends the connection, and gives what the command complained of, if anything.
func (c *SSHCommand) Close() (said string) {
	c.stop()
	c.client.Close()
	c.client.Wait()
	return firstLine(c.said.bytes())
}
