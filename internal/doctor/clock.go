package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// clockLimit is how long one look at a clock may take.
const clockLimit = 15 * time.Second

// clock compares the server's clock with ours, and tells a finding where they differ by more than so much.
func (f *findings) clock(ctx context.Context, client *http.Client, address string, most time.Duration, consequence string) {
	ahead, err := skew(ctx, client, address)
	switch {
	case err != nil:
		f.note("clock", fmt.Sprintf("can't be compared: %v", err), "")
	case ahead > most:
		f.missing("clock", fmt.Sprintf("the server's clock is %s ahead of this machine's: %s", ahead, consequence), "let this machine take its time from NTP; if it does, the server's doesn't")
	case ahead < -most:
		f.missing("clock", fmt.Sprintf("the server's clock is %s behind this machine's: %s", -ahead, consequence), "let this machine take its time from NTP; if it does, the server's doesn't")
	default:
		f.fine("clock", "within %s", max(ahead, -ahead, time.Second))
	}
}

// skew is how far the server's clock is ahead of ours, to about a second: HTTP's Date has no more. Any answer has it, a
// refusal too.
func skew(ctx context.Context, client *http.Client, address string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, clockLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, errors.New("the URL can't be used")
	}
	if client == nil {
		client = http.DefaultClient
	}
	alone := *client
	alone.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	before := time.Now()
	res, err := alone.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return 0, err
	}
	took := time.Since(before)
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, errors.New("the answer has no Date")
	}
	// Date is cut to the second: on the average it was half a second later.
	return date.Add(500 * time.Millisecond).Sub(before.Add(took / 2)).Round(time.Second), nil
}
