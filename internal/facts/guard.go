package facts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sony/gobreaker/v2"

	"verdict/gerrit"
)

const (
	// guardLimit is how long one answer may take, guardPause how long a server is left alone that gave none.
	guardLimit, guardPause = 10 * time.Second, 5 * time.Second
	// findLimit is how long all pages of a query may take.
	findLimit = time.Minute
)

// Guard gives a server that is left alone for a moment when it gave no answer, and then tried by one call: meanwhile
// the others fail at once with gerrit.ErrUnavailable. Events of all servers are decided by a few workers, many at a
// time; so one server that hangs delays its own events, and those of another once, by one call. An error that the
// server itself tells is an answer.
func Guard(g Gerrit) Gerrit {
	return &guarded{g, gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Timeout:      guardPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures > 0 },
		IsSuccessful: answered,
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // a stop of ours says nothing
	})}
}

func answered(err error) bool {
	var none *gerrit.NoAnswerError
	return !errors.As(err, &none) || none.Status != 0
}

type guarded struct {
	Gerrit
	gate *gobreaker.CircuitBreaker[any]
}

// GetChangeDetail implements Gerrit.
func (g *guarded) GetChangeDetail(ctx context.Context, changeID string, opts ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error) {
	return through(ctx, g, func(ctx context.Context) (*gerrit.ChangeInfo, error) {
		return g.Gerrit.GetChangeDetail(ctx, changeID, opts...)
	})
}

// AllChanges implements Gerrit.
func (g *guarded) AllChanges(ctx context.Context, q string, opt gerrit.QueryChangesOpt) iter.Seq2[*gerrit.ChangeInfo, error] {
	return func(yield func(*gerrit.ChangeInfo, error) bool) {
		ended := false
		_, err := limited(ctx, g, findLimit, func(ctx context.Context) (any, error) {
			for c, err := range g.Gerrit.AllChanges(ctx, q, opt) {
				if err != nil {
					return nil, err
				}
				if ended = !yield(c, nil); ended {
					break
				}
			}
			return nil, nil
		})
		if err != nil && !ended {
			yield(nil, err)
		}
	}
}

// GetRevisionFileContent implements Gerrit.
func (g *guarded) GetRevisionFileContent(ctx context.Context, changeID, revision, path string) ([]byte, error) {
	return through(ctx, g, func(ctx context.Context) ([]byte, error) {
		return g.Gerrit.GetRevisionFileContent(ctx, changeID, revision, path)
	})
}

// ListFiles implements Gerrit.
func (g *guarded) ListFiles(ctx context.Context, changeID, revision string) (map[string]*gerrit.FileInfo, error) {
	return through(ctx, g, func(ctx context.Context) (map[string]*gerrit.FileInfo, error) {
		return g.Gerrit.ListFiles(ctx, changeID, revision)
	})
}

// QueryAccounts implements Gerrit.
func (g *guarded) QueryAccounts(ctx context.Context, q string, opts ...gerrit.QueryAccountsOpt) ([]*gerrit.AccountInfo, error) {
	return through(ctx, g, func(ctx context.Context) ([]*gerrit.AccountInfo, error) {
		return g.Gerrit.QueryAccounts(ctx, q, opts...)
	})
}

// GetAccountGroups implements Gerrit.
func (g *guarded) GetAccountGroups(ctx context.Context, accountID string) ([]string, error) {
	return through(ctx, g, func(ctx context.Context) ([]string, error) { return g.Gerrit.GetAccountGroups(ctx, accountID) })
}

// GetAccountInfo implements Gerrit.
func (g *guarded) GetAccountInfo(ctx context.Context, accountID string) (gerrit.AccountInfo, error) {
	return through(ctx, g, func(ctx context.Context) (gerrit.AccountInfo, error) { return g.Gerrit.GetAccountInfo(ctx, accountID) })
}

// ListChangeComments implements Gerrit.
func (g *guarded) ListChangeComments(ctx context.Context, changeID string) (map[string][]gerrit.CommentInfo, error) {
	return through(ctx, g, func(ctx context.Context) (map[string][]gerrit.CommentInfo, error) {
		return g.Gerrit.ListChangeComments(ctx, changeID)
	})
}

// through makes a call if the server isn't to be left alone.
func through[T any](ctx context.Context, g *guarded, call func(context.Context) (T, error)) (value T, err error) {
	return limited(ctx, g, guardLimit, call)
}

func limited[T any](ctx context.Context, g *guarded, limit time.Duration, call func(context.Context) (T, error)) (value T, err error) {
	_, err = g.gate.Execute(func() (any, error) {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		var err error
		value, err = call(limited)
		return nil, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = fmt.Errorf("%w: the call before had no answer; it is left alone for a moment", gerrit.ErrUnavailable)
	}
	return value, err
}
