package gerrit

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// QueryChangesOpt are options for QueryChanges.
type QueryChangesOpt struct {
	// N is the number of results to return; Gerrit gives at most what the
	// account's queryLimit says, 500 by default.
	// If 0, the 'n' parameter is not sent to Gerrit.
	N int

	// Start is the number of results to skip. Changes that are updated or
	// leave the results meanwhile shift all others: AllChanges takes care of
	// that.
	// If 0, the 'S' parameter is not sent to Gerrit.
	Start int

	// Fields are optional fields to also return.
	// Example strings include "ALL_REVISIONS", "LABELS", "MESSAGES".
	// For a complete list, see:
	// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#query-options
	Fields []string
}

func (o QueryChangesOpt) values() url.Values {
	v := url.Values{}
	if o.N != 0 {
		v.Set("n", strconv.Itoa(o.N))
	}
	if o.Start != 0 {
		v.Set("S", strconv.Itoa(o.Start))
	}
	for _, f := range o.Fields {
		v.Add("o", f)
	}
	return v
}

// first is the options given, or none.
func first[T any](opts []T) (opt T) {
	if len(opts) > 0 {
		opt = opts[0]
	}
	return opt
}

// QueryChanges gives one page of the changes that match a query, the last
// updated first. For the query syntax, see
// https://gerrit-review.googlesource.com/Documentation/user-search.html.
func (c *Client) QueryChanges(ctx context.Context, q string, opts ...QueryChangesOpt) ([]*ChangeInfo, error) {
	changes, _, err := c.queryChanges(ctx, q, first(opts), 0)
	return changes, err
}

// queryChanges takes an answer of so many bytes at most, if that is less than
// the client's own limit.
func (c *Client) queryChanges(ctx context.Context, q string, opt QueryChangesOpt, limit int64) ([]*ChangeInfo, http.Header, error) {
	var changes []*ChangeInfo
	query := opt.values()
	query.Set("q", q)
	header, err := c.do(ctx, call{method: http.MethodGet, path: "/changes/", query: query, out: &changes, limit: limit})
	return changes, header, err
}

// GetChange returns information about a single change. The changeID is
// "project~number", and all else that Gerrit knows as one:
// https://gerrit-review.googlesource.com/Documentation/rest-api-changes.html#change-id.
// If the change doesn't exist, the error is ErrChangeNotExist.
func (c *Client) GetChange(ctx context.Context, changeID string, opts ...QueryChangesOpt) (*ChangeInfo, error) {
	return c.getChange(ctx, changeID, "", opts)
}

// GetChangeDetail retrieves a change with labels, detailed labels, detailed
// accounts, and messages. If the change doesn't exist, the error is
// ErrChangeNotExist.
func (c *Client) GetChangeDetail(ctx context.Context, changeID string, opts ...QueryChangesOpt) (*ChangeInfo, error) {
	return c.getChange(ctx, changeID, "/detail", opts)
}

func (c *Client) getChange(ctx context.Context, changeID, view string, opts []QueryChangesOpt) (*ChangeInfo, error) {
	var info ChangeInfo
	call := changeCall(http.MethodGet, changeID, view, nil, &info)
	call.query, call.whole = first(opts).values(), true
	if _, err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return &info, nil
}

// changeCall is a call below /changes/. It takes ids that Gerrit itself
// escaped (ChangeInfo.ID), too: no project's name has a percent sign.
func changeCall(method, changeID, below string, body, out any) call {
	if plain, err := url.PathUnescape(changeID); err == nil {
		changeID = plain
	}
	return call{method: method, path: "/changes/" + escape(changeID) + below, body: body, out: out, change: changeID}
}

// ListFiles gives the files of a revision against its first parent, by their
// paths; /COMMIT_MSG is among them. The revision is a commit ID, a patch set's
// number or "current".
func (c *Client) ListFiles(ctx context.Context, changeID, revision string) (map[string]*FileInfo, error) {
	var files map[string]*FileInfo
	_, err := c.do(ctx, changeCall(http.MethodGet, changeID, "/revisions/"+escape(revision)+"/files/", nil, &files))
	return files, err
}

// AbandonChange abandons the given change. The error is ErrConflict if it isn't
// open.
func (c *Client) AbandonChange(ctx context.Context, changeID string, message ...string) error {
	body := struct {
		Message string `json:"message,omitempty"`
	}{first(message)}
	_, err := c.do(ctx, changeCall(http.MethodPost, changeID, "/abandon", body, nil))
	return err
}
