package taskcluster

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
)

// Pages are the pages of a list, one after the other, as get fetches them: it is
// given the query of a page, which is first with that page's continuationToken,
// and answers the page and the token of the next, "" after the last. An error is
// the last thing that comes; so it is with a token that comes again, which means
// that the service no longer knew it and went back to page one, and what is
// behind was never seen. A page may be empty and not be the last.
func Pages[T any](ctx context.Context, first url.Values, get func(ctx context.Context, query url.Values) (T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		query := url.Values{}
		maps.Copy(query, first)
		seen := map[string]bool{query.Get("continuationToken"): true}
		for {
			page, next, err := get(ctx, query)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(page, nil) || next == "" {
				return
			}
			if seen[next] {
				yield(none, fmt.Errorf("%w: the pages go in a circle: a continuationToken came again", ErrUnavailable))
				return
			}
			seen[next] = true
			query = maps.Clone(query)
			query.Set("continuationToken", next)
		}
	}
}
