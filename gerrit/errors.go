package gerrit

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// What a failed call means. They are asked for by errors.Is.
var (
	// ErrResourceNotExist means that what was named doesn't exist, or is
	// hidden from us.
	ErrResourceNotExist = errors.New("gerrit: requested resource does not exist")
	// ErrChangeNotExist means that the change doesn't exist, or is hidden from
	// us. It is an ErrResourceNotExist, too.
	ErrChangeNotExist error = notExist("gerrit: requested change does not exist")
	// ErrProjectNotExist means that the project doesn't exist, or is hidden
	// from us. It is an ErrResourceNotExist, too.
	ErrProjectNotExist error = notExist("gerrit: requested project does not exist")
	// ErrNotModified means that everything is as was asked for already, where
	// Gerrit says so.
	ErrNotModified = errors.New("gerrit: requested modification resulted in no change")
	// ErrNotAuthorized means that Gerrit doesn't take our credentials.
	ErrNotAuthorized = errors.New("gerrit: the credentials are not accepted")
	// ErrForbidden means that our account may not do this.
	ErrForbidden = errors.New("gerrit: not permitted")
	// ErrConflict means that the change is not in a state for this.
	ErrConflict = errors.New("gerrit: conflicts with the state of the change")
	// ErrTooManyRequests means that a quota is used up; see RetryAfter.
	ErrTooManyRequests = errors.New("gerrit: too many requests")
	// ErrUnavailable means that the server didn't do its part: no connection,
	// no answer in time, one that isn't Gerrit's, a 5xx. Whether the call had
	// its effect is unknown.
	ErrUnavailable = errors.New("gerrit: server unavailable")
	// ErrTooLarge means that an answer was longer than Client.MaxAnswer.
	ErrTooLarge = errors.New("gerrit: answer too large")
)

// notExist is an error that is ErrResourceNotExist, too.
type notExist string

func (e notExist) Error() string        { return string(e) }
func (e notExist) Is(target error) bool { return target == ErrResourceNotExist }

const (
	traceHeader = "X-Gerrit-Trace"
	bodyPrefix  = 4 << 10
)

// HTTPError is the error when Gerrit answered, and not with success.
type HTTPError struct {
	Res     *http.Response // its body is read and closed
	Body    []byte         // 4KB prefix
	BodyErr error          // any error reading Body

	// Trace is Gerrit's X-Gerrit-Trace, which finds the request in its logs.
	Trace string
	// RetryAfter is how long the server wants not to be asked; 0: it didn't say.
	RetryAfter time.Duration

	method, path    string
	change, project string // what the call was about
	whole           bool
}

// Error names the call and has the first line of Gerrit's answer, but neither
// query nor body of the request.
func (e *HTTPError) Error() string {
	s := fmt.Sprintf("gerrit: %s %s: %s", e.method, e.path, e.Res.Status)
	if line := firstLine(reason(e.Body)); line != "" {
		s += ": " + line
	}
	return s + traced(e.Trace)
}

// reason is what an answer says: a text, or for reviewers that are refused an
// object with all of them.
func reason(body []byte) []byte {
	object, ok := bytes.CutPrefix(body, prefix)
	if !ok {
		return body
	}
	var said struct {
		Error     string
		Reviewers map[string]ReviewerResult
	}
	if err := json.Unmarshal(object, &said); err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(said.Reviewers)) {
		if refused := said.Reviewers[name].Error; refused != "" {
			return []byte(refused)
		}
	}
	return []byte(said.Error)
}

// Is tells what the answer means.
func (e *HTTPError) Is(target error) bool {
	status := e.Res.StatusCode
	switch target {
	case ErrResourceNotExist:
		return status == http.StatusNotFound
	case ErrChangeNotExist:
		return e.isGone(e.change)
	case ErrProjectNotExist:
		return e.isGone(e.project)
	case ErrNotModified:
		return status == http.StatusNotModified || status == http.StatusConflict && firstLine(e.Body) == "no changes were made"
	case ErrNotAuthorized:
		return status == http.StatusUnauthorized
	case ErrForbidden:
		return status == http.StatusForbidden
	case ErrConflict:
		return status == http.StatusConflict
	case ErrTooManyRequests:
		return status == http.StatusTooManyRequests
	case ErrUnavailable:
		return status >= 500
	}
	return false
}

// isGone tells whether what the call was about doesn't exist, and not a part of
// it that was asked for.
func (e *HTTPError) isGone(name string) bool {
	return e.Res.StatusCode == http.StatusNotFound && name != "" && (e.whole || firstLine(e.Body) == "Not found: "+name)
}

// NoAnswerError is the error when nothing came that is an answer of Gerrit's:
// no connection, none in time, a body cut short, a page of a proxy. It is
// ErrUnavailable: whether the call had its effect is unknown.
type NoAnswerError struct {
	Status     int    // 0 when there was none
	Reason     string // what came instead
	Trace      string
	RetryAfter time.Duration
	Err        error // what the transport says; may be nil

	method, path string
	lasting      bool // it would be so the next time, too
}

// Error names the call, but neither query nor body of the request.
func (e *NoAnswerError) Error() string {
	s := fmt.Sprintf("gerrit: %s %s", e.method, e.path)
	if e.Status != 0 {
		s += fmt.Sprintf(": status %d", e.Status)
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + traced(e.Trace)
}

// Unwrap gives what the transport says.
func (e *NoAnswerError) Unwrap() error { return e.Err }

// Is tells that the server is unavailable.
func (e *NoAnswerError) Is(target error) bool { return target == ErrUnavailable }

// RetryAfter is how long the server that gave an error wants not to be asked;
// 0: it didn't say.
func RetryAfter(err error) time.Duration {
	var refusal *HTTPError
	if errors.As(err, &refusal) {
		return refusal.RetryAfter
	}
	var nothing *NoAnswerError
	if errors.As(err, &nothing) {
		return nothing.RetryAfter
	}
	return 0
}

// noAnswer makes the error of a call that got no answer of Gerrit's. If that is
// because the caller gave up, it is the caller's own cancellation; a deadline
// is the server's fault, whoever set it.
func noAnswer(ctx context.Context, call call, res *http.Response, reason string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("gerrit: %s %s: %w", call.method, call.path, context.Cause(ctx))
	}
	var outer *url.Error // repeats the URL, query and all
	if errors.As(err, &outer) {
		err = outer.Err
	}
	e := &NoAnswerError{Reason: reason, Err: err, method: call.method, path: call.path}
	if res != nil {
		e.Status, e.Trace, e.RetryAfter = res.StatusCode, res.Header.Get(traceHeader), retryAfter(res.Header)
	}
	e.lasting = isLasting(res, err)
	return e
}

// isLasting tells whether it is no use to try again: what came is whole, and
// isn't Gerrit's answer. A proxy's page about a server that is away isn't that.
func isLasting(res *http.Response, err error) bool {
	if res == nil {
		return untrusted(err) != ""
	}
	var cut net.Error
	isCut := errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &cut)
	return res.StatusCode < 500 && !isCut
}

// untrusted says why a server isn't spoken with; "" if that isn't the reason.
func untrusted(err error) string {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return "the server's certificate is not trusted; if it is the right one, give its authority to NewTransport"
	}
	return ""
}

func traced(trace string) string {
	if trace == "" {
		return ""
	}
	return " (trace " + firstLine([]byte(trace)) + ")"
}

// firstLine is the first line of a text, printable and at most 200 bytes.
func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	line = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line)
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "…"
	}
	return line
}
