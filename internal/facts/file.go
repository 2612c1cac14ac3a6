package facts

import (
	"context"
	"errors"
	"fmt"

	"verdict/gerrit"
	"verdict/internal/store"
	"verdict/rules"
)

// fileFact is a file of the patchset: its text, or what is the matter with it. Both are kept, so that the decision can
// be made again without Gerrit.
func (f *Session) fileFact(ctx context.Context, path string, link store.Link) (any, error) {
	key := link.Revision + ":" + path
	if text, ok := f.texts[key]; ok {
		return text, nil
	}
	g, ok := f.s.Gerrit[link.Server]
	if !ok {
		return nil, fmt.Errorf("%w: no Gerrit is called %q in the configuration", ErrNone, link.Server)
	}
	if _, err := f.Change(ctx, link); err != nil {
		return nil, err // a change that is gone has no files; whose file is missing is another matter
	}
	data, err := g.GetRevisionFileContent(ctx, changeID(link), link.Revision, path)
	fact := map[string]any{"text": string(data)}
	switch {
	case errors.Is(err, gerrit.ErrResourceNotExist):
		fact = map[string]any{"problem": "There is no such file."}
	case errors.Is(err, gerrit.ErrTooLarge), err == nil && len(data) > rules.MaxTaskFile:
		fact = map[string]any{"problem": fmt.Sprintf("The file has more than the %d bytes that it may have.", rules.MaxTaskFile)}
	case err != nil:
		return nil, err
	}
	if f.texts == nil {
		f.texts = map[string]any{}
	}
	f.texts[key] = fact
	return fact, nil
}
