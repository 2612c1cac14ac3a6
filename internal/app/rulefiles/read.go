// Package rulefiles reads a folder of rule files from the disk, and notices when it changes.
//
// What the files mean is left to rules. It persists nothing. internal/app and cmd/bot call it.
package rulefiles

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// MaxFile is how long one file may be, in bytes, as in rules/yamlfile.
	MaxFile = 1 << 20
	// MaxFiles and MaxDepth bound a folder that is not what it was meant to be.
	MaxFiles = 20_000
	MaxDepth = 12
)

// Read reads all files below dir, by their slash-separated path in it. Hidden files and folders are passed over.
// dir may be a symlink, and so may what is in it, but none that leads out of it: a team's folder is written by
// others, and must not reach the bot's own files. What is refused for that, for its size, or because it can't be
// read, is told with the reason; a folder's path ends in a slash then.
func Read(dir string) (files map[string][]byte, refused map[string]string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the rules: %w", err)
	}
	defer root.Close()
	r := reader{root: root, files: map[string][]byte{}, refused: map[string]string{}}
	top, err := root.Stat(".")
	if err == nil {
		err = r.folder(".", []fs.FileInfo{top})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the rules in %s: %w", dir, err)
	}
	return r.files, r.refused, nil
}

type reader struct {
	root    *os.Root
	files   map[string][]byte
	refused map[string]string
}

// folder reads the innermost of some folders.
func (r *reader) folder(name string, folders []fs.FileInfo) error {
	outer, own := folders[:len(folders)-1], folders[len(folders)-1]
	around := func(f fs.FileInfo) bool { return os.SameFile(f, own) }
	entries, err := fs.ReadDir(r.root.FS(), name)
	switch {
	case err != nil && name == ".":
		return err
	case errors.Is(err, fs.ErrNotExist):
		return nil // it went away meanwhile
	case err != nil:
		r.refused[name+"/"] = reason(err)
		return nil
	case slices.ContainsFunc(outer, around):
		r.refused[name+"/"] = "a symlink to a folder that it lies in"
		return nil
	case len(outer) > MaxDepth:
		r.refused[name+"/"] = fmt.Sprintf("folders nested deeper than %d", MaxDepth)
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := r.entry(path.Join(name, e.Name()), folders); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) entry(name string, folders []fs.FileInfo) error {
	info, err := r.root.Stat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := r.root.Lstat(filepath.FromSlash(name)); err == nil {
			r.refused[name] = "a symlink that leads to nothing"
		}
		return nil // else it went away meanwhile
	case err != nil:
		r.refused[name] = reason(err)
		return nil
	case info.IsDir():
		return r.folder(name, append(slices.Clone(folders), info))
	case !info.Mode().IsRegular():
		r.refused[name] = "neither a file nor a folder"
		return nil
	case info.Size() > MaxFile:
		r.refused[name] = fmt.Sprintf("longer than %d bytes", MaxFile)
		return nil
	case len(r.files) >= MaxFiles:
		return fmt.Errorf("more than %d files", MaxFiles)
	}
	f, err := r.root.Open(filepath.FromSlash(name))
	if err != nil {
		r.refused[name] = reason(err)
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		r.refused[name] = reason(err)
		return nil
	}
	r.files[name] = data
	return nil
}

// reason is an error without the path, which is told beside it.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		if strings.Contains(p.Err.Error(), "escapes") {
			return "a symlink that leads out of the rules' folder"
		}
		return p.Err.Error()
	}
	return err.Error()
}
