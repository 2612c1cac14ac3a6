package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"verdict/internal/store"
)

// Client speaks to the bot behind a socket.
type Client struct{ http *http.Client }

var _ Admin = (*Client)(nil)

// Dial looks whether a bot answers on a socket. An error that Absent recognises means that none does.
func Dial(ctx context.Context, socket string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	conn.Close()
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}}, nil
}

// Status implements Admin.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodGet, "/v1/status", nil, nil)
}

// Events implements Admin.
func (c *Client) Events(ctx context.Context, f store.Filter) ([]Event, error) {
	return ask[[]Event](ctx, c, http.MethodGet, "/v1/events", queryOf(f), nil)
}

// Event implements Admin.
func (c *Client) Event(ctx context.Context, id string) (EventDetail, error) {
	return ask[EventDetail](ctx, c, http.MethodGet, "/v1/events/"+url.PathEscape(id), nil, nil)
}

// History implements Admin.
func (c *Client) History(ctx context.Context, f store.Filter) ([]EventDetail, error) {
	return ask[[]EventDetail](ctx, c, http.MethodGet, "/v1/history", queryOf(f), nil)
}

// Change implements Admin.
func (c *Client) Change(ctx context.Context, server string, number int) (ChangeDetail, error) {
	return ask[ChangeDetail](ctx, c, http.MethodGet, fmt.Sprintf("/v1/changes/%s/%d", url.PathEscape(server), number), nil, nil)
}

// RetryEvent implements Admin.
func (c *Client) RetryEvent(ctx context.Context, id string) error {
	return c.post(ctx, "/v1/events/"+url.PathEscape(id)+"/retry", nil, nil)
}

// Actions implements Admin.
func (c *Client) Actions(ctx context.Context, f store.Filter) ([]Action, error) {
	return ask[[]Action](ctx, c, http.MethodGet, "/v1/actions", queryOf(f), nil)
}

// Action implements Admin.
func (c *Client) Action(ctx context.Context, id string) (ActionDetail, error) {
	return ask[ActionDetail](ctx, c, http.MethodGet, "/v1/actions/"+url.PathEscape(id), nil, nil)
}

// RetryAction implements Admin.
func (c *Client) RetryAction(ctx context.Context, id string) error {
	return c.post(ctx, "/v1/actions/"+url.PathEscape(id)+"/retry", nil, nil)
}

// CancelAction implements Admin.
func (c *Client) CancelAction(ctx context.Context, id string) error {
	return c.post(ctx, "/v1/actions/"+url.PathEscape(id)+"/cancel", nil, nil)
}

// ApproveAction implements Admin.
func (c *Client) ApproveAction(ctx context.Context, id, by string) error {
	return c.post(ctx, "/v1/actions/"+url.PathEscape(id)+"/approve", url.Values{"by": {by}}, nil)
}

// Hold implements Admin.
func (c *Client) Hold(ctx context.Context, h Hold) (Held, error) {
	return ask[Held](ctx, c, http.MethodPost, "/v1/holds", nil, h)
}

// Release implements Admin.
func (c *Client) Release(ctx context.Context, scope string) error {
	return c.post(ctx, "/v1/release", url.Values{"scope": {scope}}, nil)
}

// RulesLog implements Admin.
func (c *Client) RulesLog(ctx context.Context, limit int) ([]RuleSet, error) {
	return ask[[]RuleSet](ctx, c, http.MethodGet, "/v1/rules", queryOf(store.Filter{Limit: limit}), nil)
}

// Rollback implements Admin.
func (c *Client) Rollback(ctx context.Context, r Rollback) (RuleSet, error) {
	return ask[RuleSet](ctx, c, http.MethodPost, "/v1/rules/rollback", nil, r)
}

// ReleaseRules implements Admin.
func (c *Client) ReleaseRules(ctx context.Context) error {
	return c.post(ctx, "/v1/rules/release", nil, nil)
}

func (c *Client) post(ctx context.Context, path string, query url.Values, body any) error {
	_, err := ask[struct{}](ctx, c, http.MethodPost, path, query, body)
	return err
}

func ask[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (answer T, err error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer, fmt.Errorf("encode %s: %w", path, err)
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://bot"+path+"?"+query.Encode(), sent)
	if err != nil {
		return answer, fmt.Errorf("ask the bot: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer, fmt.Errorf("ask the bot: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer, problemOf(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("read the bot's answer to %s: %w", path, err)
	}
	return answer, nil
}

// problemOf gives back the error that the bot met, with its meaning.
func problemOf(resp *http.Response) error {
	var p problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Error == "" {
		return fmt.Errorf("the bot answers %s; is it of another version than this command?", resp.Status)
	}
	for _, m := range meanings {
		if m.code == p.Code {
			return &plainError{text: strings.TrimPrefix(p.Error, ErrUsage.Error()+": "), meaning: m.err}
		}
	}
	return &plainError{text: p.Error}
}
