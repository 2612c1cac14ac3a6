package gerrit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// lineLimit is how long a line may be. One has a commit message and a comment,
// and may have them several times.
const lineLimit = 4 << 20

// begins is within what time a server that took the command begins to tell. It
// doesn't say when it has, and what happens until then only a poll finds.
const begins = 2 * time.Second

// exitLimit is how long a command whose output has ended may take to say why.
const exitLimit = 5 * time.Second

// session is one connection: it reads until that ends, and says why it did and
// for how long it stood.
func (s *Stream) session(ctx context.Context) (lasted time.Duration, err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	client, err := s.connect(ctx)
	if err != nil {
		return 0, fmt.Errorf("stream of %s: %w", s.Addr, err)
	}
	defer context.AfterFunc(ctx, func() { client.Close() })()
	defer client.Close()
	command, output, complaint, err := s.subscribe(client)
	if err != nil {
		return 0, fmt.Errorf("stream of %s: %w", s.Addr, err)
	}
	began := time.Now()
	s.stands()
	if s.Poll != nil {
		again := time.AfterFunc(begins, s.Poll)
		defer again.Stop()
	}
	var asking sync.WaitGroup
	asking.Go(func() { s.keepAsking(ctx, client, end) })
	err = s.read(ctx, output)
	if errors.Is(err, io.EOF) {
		exit := time.AfterFunc(exitLimit, func() { client.Close() })
		err = ended(command.Wait(), complaint)
		exit.Stop()
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	end(nil)
	client.Close()
	asking.Wait()
	return time.Since(began), fmt.Errorf("stream of %s: %w", s.Addr, err)
}

// connect gives a connection that has logged in.
func (s *Stream) connect(ctx context.Context) (*ssh.Client, error) {
	cfg, err := s.login()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, s.Addr, cfg)
	if !stop() && err == nil { // the time was over just now
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, s.explain(err)
	}
	return ssh.NewClient(c, channels, requests), nil
}

func (s *Stream) login() (*ssh.ClientConfig, error) {
	text, err := s.Key()
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	key, err := ssh.ParsePrivateKey([]byte(text))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, errors.New("private key: it has a passphrase; use one without")
	}
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	hosts, err := readKnownHosts(s.KnownHostsFile)
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: hosts.check, HostKeyAlgorithms: hosts.algorithms(s.Addr),
	}, nil
}

// explain says what to do about a refusal.
func (s *Stream) explain(err error) error {
	if strings.Contains(err.Error(), "unable to authenticate") {
		return fmt.Errorf("the key isn't one of %s's at Gerrit, or there is no such account: %w", s.User, err)
	}
	return err
}

// subscribe begins the command whose output are the events.
func (s *Stream) subscribe(client *ssh.Client) (*ssh.Session, io.Reader, *complaint, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open a session: %w", err)
	}
	stderr := &complaint{}
	session.Stderr = stderr
	output, err := session.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	types := s.Types
	if types == nil {
		types = StreamTypes
	}
	line := "gerrit stream-events"
	for _, t := range types {
		line += " -s " + t
	}
	if err := session.Start(line); err != nil {
		return nil, nil, nil, fmt.Errorf("begin stream-events: %w", err)
	}
	return session, output, stderr, nil
}

// complaint keeps the beginning of what a command says when it can't go on.
type complaint struct {
	mu   sync.Mutex
	text []byte
}

func (c *complaint) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.TrimSpace(c.text)
}

// Write implements io.Writer.
func (c *complaint) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p[:min(len(p), 1<<10-len(c.text))]...)
	return len(p), nil
}

// ended is why a command ended.
func ended(err error, said *complaint) error {
	exit, exited := errors.AsType[*ssh.ExitError](err)
	text := firstLine(said.bytes())
	switch {
	case strings.Contains(text, "not permitted"):
		return fmt.Errorf("stream-events is refused: Gerrit says %q; our account needs the capability Stream Events", text)
	case text != "":
		return fmt.Errorf("stream-events ended: Gerrit says %q", text)
	case exited:
		return fmt.Errorf("stream-events ended with status %d", exit.ExitStatus())
	}
	return errors.New("the server ended the connection")
}

// read hands on line after line until there are no more. A line that is cut
// off is none.
func (s *Stream) read(ctx context.Context, from io.Reader) error {
	lines := bufio.NewReaderSize(from, 64<<10)
	for ctx.Err() == nil {
		line, err := readLine(lines, lineLimit)
		if err != nil {
			return err
		}
		s.told(line)
	}
	return ctx.Err()
}

// readLine gives the next line; nil for one that is longer than limit, which
// is skipped.
func readLine(from *bufio.Reader, limit int) ([]byte, error) {
	line, tooLong := []byte{}, false
	for {
		part, err := from.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > limit; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}

// keepAsking asks the server whether it is there, and ends the connection when
// it isn't.
func (s *Stream) keepAsking(ctx context.Context, client *ssh.Client, end context.CancelCauseFunc) {
	var answered atomic.Pointer[time.Time]
	note := func() { now := time.Now(); answered.Store(&now) }
	note()
	var inFlight atomic.Bool
	var asking sync.WaitGroup
	defer asking.Wait()
	defer client.Close() // a question that nobody answers ends with the connection
	tick := time.NewTicker(s.keepAlive())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		told := s.lastHeard()
		if time.Since(told) > s.silence() && time.Since(*answered.Load()) > s.silence() {
			end(fmt.Errorf("nothing was heard for %s", s.silence()))
			return
		}
		if time.Since(told) > s.quiet() {
			end(fmt.Errorf("no event for %s: connecting anew, in case it hangs", s.quiet()))
			return
		}
		if inFlight.CompareAndSwap(false, true) {
			asking.Go(func() {
				defer inFlight.Store(false)
				if _, _, err := client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
					note() // a refusal is an answer, too
				}
			})
		}
	}
}
