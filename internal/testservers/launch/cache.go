package launch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// CacheDir is where downloads and prepared sites are kept between runs:
// verdict in the user's cache folder, or .cache here where there is none.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return filepath.Abs(".cache")
	}
	return filepath.Join(dir, "verdict"), nil
}

// cached gives the folder name of the cache, made by build if it isn't there
// yet. Build is handed a folder of the final name plus ".new", which gets its
// own name once it is whole; of several programs that want the same one, one
// builds and the others wait.
func cached(name string, build func(dir string) error) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, name)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if err := os.Mkdir(fresh, 0o755); err != nil {
		return "", err
	}
	if err := build(fresh); err != nil {
		return "", fmt.Errorf("prepare %s: %w", dir, err)
	}
	return dir, os.Rename(fresh, dir)
}

// lock waits until no other program holds the file, and holds it until the
// returned func is called or this program ends.
func lock(file string) (unlock func() error, err error) {
	return flock(file, os.O_CREATE, syscall.LOCK_EX)
}

// tryLock is lock that fails where lock waits, and where there is no file.
func tryLock(file string) (unlock func() error, err error) {
	return flock(file, 0, syscall.LOCK_EX|syscall.LOCK_NB)
}

func flock(file string, create, how int) (unlock func() error, err error) {
	f, err := os.OpenFile(file, create|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", file, err)
	}
	return f.Close, nil
}

// fingerprint is a short hash of what a cached folder is made from, so that a
// changed recipe makes a new one.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
