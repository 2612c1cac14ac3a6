package gerrit

import (
	"bytes"
	"errors"
	"os"
)

// readSecret reads a file that has nothing but a secret in it.
func readSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return "", errors.New(file + " is empty")
	}
	return string(text), nil
}

// watchedFile tells when a file is another one than it was.
type watchedFile struct {
	name string
	last os.FileInfo
}

// changed tells whether the file has been written or replaced since it was
// asked last. A file that can't be looked at, in the middle of being replaced
// perhaps, has not.
func (f *watchedFile) changed() bool {
	now, err := os.Stat(f.name)
	if err != nil {
		return false
	}
	last := f.last
	f.last = now
	return last == nil || !os.SameFile(last, now) || !last.ModTime().Equal(now.ModTime()) || last.Size() != now.Size()
}
