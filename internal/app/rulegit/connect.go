package rulegit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"

	"verdict/gerrit"
)

// conversation is one with git-upload-pack, in git's protocol 0: it tells its branches, is asked, and answers.
type conversation interface {
	refs(ctx context.Context) (io.Reader, error)
	ask(ctx context.Context, question func(io.Writer) error) (io.Reader, error)
	// close gives what the other side complained of, if anything.
	close() (said string)
}

func (r *Repository) connect(ctx context.Context) (conversation, error) {
	at, err := transport.NewEndpoint(r.URL)
	if err != nil || !known(at.Protocol) {
		return nil, errors.New("rules.git.url is none that can be fetched from")
	}
	switch at.Protocol {
	case "ssh":
		return r.bySSH(ctx, at)
	case "file":
		return byProgram(ctx, at.Path)
	}
	return r.byHTTP(at), nil
}

// piped is a conversation by the input and output of a program, here or on a server.
type piped struct {
	in   io.WriteCloser
	out  io.Reader
	end  func() string
	over bool // the question was asked
}

func (p *piped) refs(context.Context) (io.Reader, error) { return p.out, nil }

func (p *piped) ask(_ context.Context, question func(io.Writer) error) (io.Reader, error) {
	p.over = true
	if err := question(p.in); err != nil {
		return nil, err
	}
	return p.out, p.in.Close()
}

func (p *piped) close() string {
	if !p.over {
		io.WriteString(p.in, "0000") // no question; where it can't be said, the connection ends anyway
	}
	return p.end()
}

func (r *Repository) bySSH(ctx context.Context, at *transport.Endpoint) (conversation, error) {
	if r.Key == nil {
		return nil, errors.New("rules.git.keyFile is missing")
	}
	port := at.Port
	if port == 0 {
		port = 22
	}
	s := gerrit.SSH{Addr: net.JoinHostPort(at.Host, strconv.Itoa(port)), User: at.User, Key: r.Key, KnownHostsFile: r.KnownHostsFile}
	c, err := s.Start(ctx, "git-upload-pack "+quoted(at.Path))
	if err != nil {
		return nil, err
	}
	return &piped{in: c.Stdin, out: c.Stdout, end: c.Close}, nil
}

// quoted is a word for a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// byProgram has the git that is installed here read a repository on this machine.
func byProgram(ctx context.Context, path string) (conversation, error) {
	cmd := exec.CommandContext(ctx, "git", "upload-pack", "--", path)
	cmd.Env, cmd.Dir = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}, "/"
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("a file:// URL needs git on this machine: %w", err)
	}
	return &piped{in: in, out: out, end: func() string {
		in.Close()
		io.Copy(io.Discard, out) // so that it can end
		if cmd.Wait() == nil {
			return ""
		}
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return line[:min(len(line), 200)]
	}}, nil
}

// web is a conversation by HTTP.
type web struct {
	client    *http.Client
	url, user string
	password  func() (string, error)
	open      []io.Closer
}

func (r *Repository) byHTTP(at *transport.Endpoint) *web {
	host := at.Host
	if at.Port != 0 {
		host = net.JoinHostPort(at.Host, strconv.Itoa(at.Port))
	}
	return &web{
		client: &http.Client{
			Transport: &http.Transport{TLSClientConfig: r.TLS, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			// The password is for this server alone.
			CheckRedirect: func(to *http.Request, _ []*http.Request) error {
				return fmt.Errorf("it has moved to %s://%s%s; write that into rules.git.url", to.URL.Scheme, to.URL.Host, strings.TrimSuffix(to.URL.Path, "/info/refs"))
			},
		},
		url: at.Protocol + "://" + host + strings.TrimSuffix(at.Path, "/"), user: at.User, password: r.Key,
	}
}

func (w *web) refs(ctx context.Context) (io.Reader, error) {
	return w.call(ctx, http.MethodGet, "/info/refs?service=git-upload-pack", nil, "application/x-git-upload-pack-advertisement")
}

func (w *web) ask(ctx context.Context, question func(io.Writer) error) (io.Reader, error) {
	var body bytes.Buffer
	if err := question(&body); err != nil {
		return nil, err
	}
	return w.call(ctx, http.MethodPost, "/git-upload-pack", &body, "application/x-git-upload-pack-result")
}

func (w *web) call(ctx context.Context, method, path string, body io.Reader, wanted string) (io.Reader, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	}
	if w.password != nil {
		password, err := w.password()
		if err != nil {
			return nil, err
		}
		req.SetBasicAuth(w.user, password)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, err
	}
	w.open = append(w.open, resp.Body)
	switch kind := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("the server answers %s: the user of rules.git.url, with the password in keyFile, may not read it", resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the server answers %s", resp.Status)
	case kind != wanted:
		return nil, fmt.Errorf("no git repository answers there, but something of type %q", kind)
	}
	return resp.Body, nil
}

func (w *web) close() string {
	for _, body := range w.open {
		body.Close()
	}
	return ""
}
