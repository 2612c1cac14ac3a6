package gerrit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"
)

const (
	defaultPage = 100
	// pageLimit is how many bytes a page may have before it is asked for in
	// halves: a change may have thousands of messages.
	pageLimit = 16 << 20
)

// scan reads all changes that match a query, a page at a time, the last
// updated first. Its place is a time, not a count: the next page is what was
// updated at or before the last change of this one. So a change that leaves
// the results, or is updated and jumps to the front, hides no other. What is
// updated while it runs may be missed, as it is no longer where it was.
type scan struct {
	client *Client
	query  string
	fields []string
	size   int // changes a page

	before time.Time     // the second where the next page begins; zero: now
	skip   int           // how much of that second is read
	last   []*ChangeInfo // the page before
	over   bool
	pages  int
	header http.Header // of the first page
}

// next gives another page. Changes of the page before may be on it again.
func (s *scan) next(ctx context.Context) ([]*ChangeInfo, error) {
	query := s.query
	if !s.before.IsZero() {
		query = fmt.Sprintf("(%s) before:%s", query, queryTime(s.before))
	}
	page, header, err := s.client.queryChanges(ctx, query, QueryChangesOpt{N: s.size, Start: s.skip, Fields: s.fields}, pageLimit)
	if errors.Is(err, ErrTooLarge) && s.size > 1 {
		s.size /= 2
		return s.next(ctx)
	}
	if err != nil {
		return nil, err
	}
	if s.pages++; s.pages == 1 {
		s.header = header
	}
	if s.skip > 0 && s.size > 1 && !s.meets(page) { // pages of one don't overlap
		s.skip = max(0, s.skip-s.size) // more have left than the pages overlap
		return s.next(ctx)
	}
	s.advance(page)
	return page, nil
}

// meets says whether any change of the page before is on this one again.
func (s *scan) meets(page []*ChangeInfo) bool {
	return slices.ContainsFunc(page, func(c *ChangeInfo) bool {
		return slices.ContainsFunc(s.last, func(l *ChangeInfo) bool { return l.ChangeNumber == c.ChangeNumber })
	})
}

func (s *scan) advance(page []*ChangeInfo) {
	n := len(page)
	s.last = page
	if n == 0 || !page[n-1].MoreChanges {
		s.over = true
		return
	}
	last := page[n-1].Updated.Time().Truncate(time.Second)
	if !last.Equal(s.before) {
		s.before, s.skip = last, 0
		return
	}
	// The whole page is of one second: only here places are counted. Half of
	// a page is read again, as changes may leave that second meanwhile.
	s.skip += max(1, n/2)
}

// AllChanges gives all changes that match a query, the last updated first,
// each once, a page at a time. A change that is updated while it runs may be
// missed, others not. opt.N is the size of a page, 100 when 0; opt.Start isn't
// looked at, and the query has no limit: operator. It ends at the first error.
func (c *Client) AllChanges(ctx context.Context, q string, opt QueryChangesOpt) iter.Seq2[*ChangeInfo, error] {
	return func(yield func(*ChangeInfo, error) bool) {
		s := &scan{client: c, query: q, fields: opt.Fields, size: opt.N}
		if s.size == 0 {
			s.size = defaultPage
		}
		seen := map[int]bool{}
		for !s.over {
			page, err := s.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, change := range page {
				if seen[change.ChangeNumber] {
					continue
				}
				seen[change.ChangeNumber] = true
				if !yield(change, nil) {
					return
				}
			}
		}
	}
}

// queryTime writes a time as queries take it. After and before include the
// second that they name.
func queryTime(t time.Time) string {
	return t.UTC().Format(`"2006-01-02 15:04:05 -0700"`)
}
