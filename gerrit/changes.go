package gerrit

import (
	"context"
	"errors"
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

	// Mergeable asks for each open change of which the server doesn't say
	// whether it can be merged: one more call a change.
	Mergeable bool
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
	var changes changeList
	query := opt.values()
	query.Set("q", q)
	header, err := c.do(ctx, call{method: http.MethodGet, path: "/changes/", query: query, out: &changes, limit: limit})
	if err != nil || !opt.Mergeable {
		return changes, header, err
	}
	for _, info := range changes {
		if err := c.askMergeable(ctx, info); err != nil {
			return changes, header, err
		}
	}
	return changes, header, nil
}

// askMergeable fills in whether an open change can be merged.
func (c *Client) askMergeable(ctx context.Context, info *ChangeInfo) error {
	if info.Status != ChangeStatusNew || info.Mergeable {
		return nil
	}
	merge, err := c.GetMergeable(ctx, info.ID, "current")
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrChangeNotExist) {
		return nil // it was merged, abandoned or deleted meanwhile
	}
	info.Mergeable = merge.Mergeable
	info.decoded()
	return err
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
	if first(opts).Mergeable {
		if err := c.askMergeable(ctx, &info); err != nil {
			return nil, err
		}
	}
	return &info, nil
}
