package gerrit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// prefix stands before every JSON answer, so that no browser runs it.
var prefix = []byte(")]}'\n")

// streamed is an answer that is read by parts, so that it is never in memory as
// text.
type streamed interface{ read(*json.Decoder) error }

// settled is an answer with something to do once it is read.
type settled interface{ decoded() }

// readAnswer reads an answer into out; nil only checks it.
func readAnswer(r io.Reader, out any) error {
	if file, ok := out.(*fileContent); ok {
		return file.read(r)
	}
	begin := make([]byte, len(prefix))
	if _, err := io.ReadFull(r, begin); err != nil || !bytes.Equal(begin, prefix) {
		return errors.New("it doesn't begin with )]}' as Gerrit's answers do; is something else at that address?")
	}
	decoder := json.NewDecoder(r)
	if err := decode(decoder, out); err != nil {
		return fmt.Errorf("decode it: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("decode it: there is more after its end")
	}
	return nil
}

func decode(decoder *json.Decoder, out any) error {
	if out == nil {
		out = new(json.RawMessage)
	}
	if list, ok := out.(streamed); ok {
		return list.read(decoder)
	}
	if err := decoder.Decode(out); err != nil {
		return err
	}
	if info, ok := out.(settled); ok {
		info.decoded()
	}
	return nil
}

// maxChanges is how many changes an answer may have. One of a few bytes each
// would take a hundred times as much memory as text.
const maxChanges = 100_000

// changeList is the answer to a query.
type changeList []*ChangeInfo

func (l *changeList) read(decoder *json.Decoder) error {
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('[') {
		return cmp.Or(err, errors.New("it is not a list"))
	}
	same := newSharing()
	var next listed
	for decoder.More() {
		if len(*l) == maxChanges {
			return fmt.Errorf("%w: more than %d changes", ErrTooLarge, maxChanges)
		}
		next = next.again()
		if err := decoder.Decode(&next); err != nil {
			return err
		}
		info, err := same.change(next)
		if err != nil {
			return err
		}
		info.decoded()
		*l = append(*l, info)
	}
	_, err := decoder.Token() // the list's end, as there is no more
	return err
}

// fileContent is an answer that isn't JSON: a file, in base64.
type fileContent []byte

func (f *fileContent) read(r io.Reader) (err error) {
	if *f, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, r)); err != nil {
		return fmt.Errorf("it is not a file in base64: %w", err)
	}
	return nil
}

// content makes a call that answers with a file.
func (c *Client) content(ctx context.Context, call call) ([]byte, error) {
	var file fileContent
	call.out = &file
	_, err := c.do(ctx, call)
	return file, err
}

// bounded reads so many bytes, and keeps why it couldn't read to the end.
type bounded struct {
	r    io.Reader
	most int64
	read int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.read += int64(n); b.read > b.most {
		n, err = 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.most)
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// check answers an error for anything but success with an answer of Gerrit's.
func check(ctx context.Context, call call, res *http.Response) error {
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		if isHTML(res) {
			return noAnswer(ctx, call, res, "an HTML page came instead of Gerrit's answer; is a proxy or a login page in between?", nil)
		}
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return noAnswer(ctx, call, res, "it redirects to "+elsewhere(res)+"; if Gerrit is there, set the server's URL to it", nil)
	case isHTML(res) && !ownHTML(res.StatusCode):
		return noAnswer(ctx, call, res, "an HTML page came instead of Gerrit's answer; is a proxy in between?", nil)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyPrefix))
	return &HTTPError{
		Res: res, Body: body, BodyErr: err,
		Trace: res.Header.Get(traceHeader), RetryAfter: retryAfter(res.Header),
		method: call.method, path: call.path, change: call.change, project: call.project, whole: call.whole,
	}
}

// ownHTML tells the statuses that mean the same in HTML: Gerrit's web server
// itself says that a request is too long, and any proxy may ask for a password.
func ownHTML(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusTooManyRequests:
		return true
	}
	return false
}

func isHTML(res *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// elsewhere is where a redirect leads, without anything that could be secret.
func elsewhere(res *http.Response) string {
	u, err := res.Location()
	if err != nil {
		return "nowhere"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// retryAfter reads the header of that name: seconds, or a time by the server's
// own clock.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(0, time.Duration(seconds)), 24*3600) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, at.Sub(now)), 24*time.Hour)
}
