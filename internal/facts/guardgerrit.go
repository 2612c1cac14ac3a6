package facts

import (
	"context"
	"iter"

	"verdict/gerrit"
)

// Guard gives a Gerrit that is left alone while it is away; name is what its people call it.
func Guard(name string, g Gerrit) Gerrit { return &guardedGerrit{g, newGuard(name)} }

type guardedGerrit struct {
	Gerrit
	guard *guard
}

// GetChangeDetail implements Gerrit.
func (g *guardedGerrit) GetChangeDetail(ctx context.Context, changeID string, opts ...gerrit.QueryChangesOpt) (*gerrit.ChangeInfo, error) {
	return through(ctx, g.guard, "GetChangeDetail", func(ctx context.Context) (*gerrit.ChangeInfo, error) {
		return g.Gerrit.GetChangeDetail(ctx, changeID, opts...)
	})
}

// AllChanges implements Gerrit.
func (g *guardedGerrit) AllChanges(ctx context.Context, q string, opt gerrit.QueryChangesOpt) iter.Seq2[*gerrit.ChangeInfo, error] {
	return func(yield func(*gerrit.ChangeInfo, error) bool) {
		ended := false
		_, err := limited(ctx, g.guard, "AllChanges", findLimit, func(ctx context.Context) (any, error) {
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
func (g *guardedGerrit) GetRevisionFileContent(ctx context.Context, changeID, revision, path string) ([]byte, error) {
	return through(ctx, g.guard, "GetRevisionFileContent", func(ctx context.Context) ([]byte, error) {
		return g.Gerrit.GetRevisionFileContent(ctx, changeID, revision, path)
	})
}

// ListFiles implements Gerrit.
func (g *guardedGerrit) ListFiles(ctx context.Context, changeID, revision string) (map[string]*gerrit.FileInfo, error) {
	return through(ctx, g.guard, "ListFiles", func(ctx context.Context) (map[string]*gerrit.FileInfo, error) {
		return g.Gerrit.ListFiles(ctx, changeID, revision)
	})
}

// QueryAccounts implements Gerrit.
func (g *guardedGerrit) QueryAccounts(ctx context.Context, q string, opts ...gerrit.QueryAccountsOpt) ([]*gerrit.AccountInfo, error) {
	return through(ctx, g.guard, "QueryAccounts", func(ctx context.Context) ([]*gerrit.AccountInfo, error) {
		return g.Gerrit.QueryAccounts(ctx, q, opts...)
	})
}

// GetAccountGroups implements Gerrit.
func (g *guardedGerrit) GetAccountGroups(ctx context.Context, accountID string) ([]string, error) {
	return through(ctx, g.guard, "GetAccountGroups", func(ctx context.Context) ([]string, error) { return g.Gerrit.GetAccountGroups(ctx, accountID) })
}

// GetAccountInfo implements Gerrit.
func (g *guardedGerrit) GetAccountInfo(ctx context.Context, accountID string) (gerrit.AccountInfo, error) {
	return through(ctx, g.guard, "GetAccountInfo", func(ctx context.Context) (gerrit.AccountInfo, error) { return g.Gerrit.GetAccountInfo(ctx, accountID) })
}

// ListChangeComments implements Gerrit.
func (g *guardedGerrit) ListChangeComments(ctx context.Context, changeID string) (map[string][]gerrit.CommentInfo, error) {
	return through(ctx, g.guard, "ListChangeComments", func(ctx context.Context) (map[string][]gerrit.CommentInfo, error) {
		return g.Gerrit.ListChangeComments(ctx, changeID)
	})
}
