package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrArtifactHost is an artifact that is kept by a host that nobody allowed.
var ErrArtifactHost = errors.New("the artifact is on another host")

// redirects is how often the place of an artifact may send on to another one.
const redirects = 5

// Artifact is the content of a run's artifact, of at most atMost bytes. The queue is asked for its place with the
// scopes of caller, or, for the zero Caller, with no credentials at all, so that a link among a run's artifacts leads
// to nothing that the caller may not see. Its place is asked without credentials: it has to be on one of
// [Options].ArtifactHosts or the deployment's own, and so has each to which that sends on.
//
// ErrNotFound: there is none, or no more. ErrArtifact: it stands for an error. ErrTooLarge: it is larger than atMost.
// ErrArtifactHost: it is elsewhere.
func (q *Queue) Artifact(ctx context.Context, taskID string, run int, name string, caller Caller, atMost int64) ([]byte, error) {
	parts := strings.Split(name, "/")
	for i := range parts {
		if parts[i] == "" || parts[i] == "." || parts[i] == ".." {
			return nil, fmt.Errorf("artifact %q: %w: this isn't the name of one", cut(name, 40), ErrInvalid)
		}
		parts[i] = url.PathEscape(parts[i])
	}
	path, err := taskPath(taskID, "/runs/"+strconv.Itoa(run)+"/artifacts/"+strings.Join(parts, "/"))
	if err != nil {
		return nil, err
	}
	client := q.client.As(caller)
	client.Authenticate = caller.Name != ""
	answer, err := client.Send(ctx, Call{Name: "getArtifact", Path: path})
	if err != nil {
		return nil, fmt.Errorf("get artifact %s of task %s: %w", name, taskID, err)
	}
	place := answer.Header.Get("Location")
	var said struct{ URL string }
	if place == "" && json.Unmarshal(answer.Body, &said) == nil {
		place = said.URL
	}
	content, err := q.content(ctx, place, atMost)
	if err != nil {
		return nil, fmt.Errorf("get artifact %s of task %s: %w", name, taskID, err)
	}
	return content, nil
}

// content gets what is at a place, without credentials.
func (q *Queue) content(ctx context.Context, place string, atMost int64) ([]byte, error) {
	at, err := url.Parse(place)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("%w: the queue names no place", ErrUnavailable)
	}
	if err := q.allowed(at); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	response, err := q.stores().Do(req)
	switch {
	case errors.Is(err, ErrArtifactHost):
		return nil, fmt.Errorf("%s sends on: %w", at.Host, unwrapped(err))
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %s doesn't answer: %w", ErrUnavailable, at.Host, unwrapped(err))
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusOK:
	case code == http.StatusNotFound, code == http.StatusGone, code == http.StatusForbidden: // stores say so of what isn't there
		return nil, fmt.Errorf("%w: %s answered %d", ErrNotFound, at.Host, code)
	default:
		return nil, fmt.Errorf("%w: %s answered %d", ErrUnavailable, at.Host, code)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, atMost+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrUnavailable, at.Host, err)
	case int64(len(content)) > atMost:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, atMost)
	}
	return content, nil
}

// stores is a client for where artifacts are kept. It follows redirects to hosts that are allowed.
func (q *Queue) stores() *http.Client {
	following := http.Client{Transport: ownHTTPClient.Transport, Timeout: defaulted(q.client.Timeout, 30*time.Second)}
	if own, ok := q.client.HTTPClient.(*http.Client); ok && own != nil {
		following.Transport = own.Transport
	}
	following.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > redirects {
			return errors.New("it sends on and on")
		}
		return q.allowed(req.URL)
	}
	return &following
}

// allowed refuses a place that artifacts may not be fetched from. What the deployment itself speaks in the clear, in
// tests, may be so elsewhere too.
func (q *Queue) allowed(at *url.URL) error {
	base, err := q.client.base()
	if err != nil {
		return err
	}
	own, err := url.Parse(base)
	if err != nil {
		return err
	}
	if at.Scheme != "https" && at.Scheme != own.Scheme || at.User != nil {
		return fmt.Errorf("%w: %s://%s isn't https", ErrArtifactHost, at.Scheme, at.Host)
	}
	plain := at.Host
	if at.Port() == "443" && at.Scheme == "https" {
		plain = at.Hostname()
	}
	if at.Host == own.Host || slices.ContainsFunc(q.artifactHosts, func(host string) bool { return strings.EqualFold(host, plain) }) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrArtifactHost, at.Host)
}

// unwrapped is an error without the address that net/http puts in front: it may be signed.
func unwrapped(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
