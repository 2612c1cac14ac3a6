package rulegit

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"

	"verdict/internal/app/rulefiles"
)

// read gives the files of a commit.
func (r *Repository) read(objects *memory.Storage, id plumbing.Hash) (*Commit, error) {
	from, err := object.GetCommit(objects, id)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", id, err)
	}
	root, err := object.GetTree(objects, from.TreeHash)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", id, err)
	}
	subject, _, _ := strings.Cut(strings.TrimSpace(from.Message), "\n")
	c := &Commit{ID: id.String(), Author: from.Author.Name, Subject: subject, Time: from.Author.When.UTC(), Files: map[string][]byte{}, Refused: map[string]string{}}
	w := walker{objects: objects, commit: c}
	if r.Teams != "" {
		if c.Teams, err = w.only(root, r.Teams); err != nil {
			return nil, err
		}
	}
	folder := root
	if dir := path.Clean(r.Dir); dir != "." {
		if folder, err = root.Tree(dir); err != nil {
			return nil, fmt.Errorf("commit %s has no folder %s (rules.dir)", id, dir)
		}
	}
	return c, w.folder(folder, "", 0)
}

type walker struct {
	objects *memory.Storage
	commit  *Commit
}

func (w *walker) refuse(name, why string) {
	w.commit.Refused[name] = why
}

// only reads one file that has to be there.
func (w *walker) only(root *object.Tree, name string) ([]byte, error) {
	entry, err := root.FindEntry(path.Clean(name))
	if err != nil || !entry.Mode.IsFile() || entry.Mode == filemode.Symlink {
		return nil, fmt.Errorf("commit %s has no file %s (rules.teams; an absolute path is a file of this machine)", w.commit.ID, name)
	}
	data, why, err := w.content(entry.Hash)
	if err == nil && why != "" {
		err = fmt.Errorf("%s is %s", name, why)
	}
	return data, err
}

// folder reads a folder as rulefiles.Read does one on the disk: hidden files are passed over, and what isn't a file of
// reasonable size is told.
func (w *walker) folder(t *object.Tree, at string, depth int) error {
	if depth > rulefiles.MaxDepth {
		w.refuse(at+"/", fmt.Sprintf("folders nested deeper than %d", rulefiles.MaxDepth))
		return nil
	}
	for _, e := range t.Entries {
		name := path.Join(at, e.Name)
		switch {
		case strings.HasPrefix(e.Name, "."):
		case e.Name == "" || strings.ContainsAny(e.Name, "/\\\x00"):
			w.refuse(at+"/", fmt.Sprintf("%q is no name of a file", e.Name))
		case e.Mode == filemode.Dir:
			sub, err := object.GetTree(w.objects, e.Hash)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			if err := w.folder(sub, name, depth+1); err != nil {
				return err
			}
		case e.Mode == filemode.Submodule:
			w.refuse(name, "a submodule; what it names isn't fetched, keep the files here")
		case e.Mode == filemode.Symlink:
			w.refuse(name, "a symlink; in a repository they aren't followed")
		default:
			if err := w.file(name, e.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) file(name string, id plumbing.Hash) error {
	data, why, err := w.content(id)
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	case why != "":
		w.refuse(name, why)
	case len(w.commit.Files) >= rulefiles.MaxFiles:
		return fmt.Errorf("more than %d files", rulefiles.MaxFiles)
	default:
		w.commit.Files[name] = data
	}
	return nil
}

// content reads a file, or says why it doesn't.
func (w *walker) content(id plumbing.Hash) (data []byte, why string, err error) {
	blob, err := object.GetBlob(w.objects, id)
	tooLong := fmt.Sprintf("longer than %d bytes", rulefiles.MaxFile)
	if errors.Is(err, plumbing.ErrObjectNotFound) { // the server was asked to leave such out
		return nil, tooLong, nil
	}
	if err != nil {
		return nil, "", err
	}
	if blob.Size > rulefiles.MaxFile {
		return nil, tooLong, nil
	}
	from, err := blob.Reader()
	if err != nil {
		return nil, "", err
	}
	defer from.Close()
	data, err = io.ReadAll(from)
	return data, "", err
}
