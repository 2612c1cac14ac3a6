package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

var sqliteDialect = dialect{
	name:        "sqlite3",
	define:      []string{"CREATE VIEW IF NOT EXISTS clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms"},
	insertSizes: []int{50, 10, 1},
	transient:   func(error) bool { return false },
}

// Pragmas of every connection: a commit is on the disk when it returns (FULL). Pages of 8 KB, and a journal that is
// copied into the file by 16 MB, cost a tenth less than SQLite's own choice.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=page_size(8192)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(2000)"

// openSQLite opens a file for this process alone. One connection writes, others read meanwhile.
func (s *Store) openSQLite(ctx context.Context, path string, volatile bool) error {
	if path == "" {
		return errors.New("store.url names no file; write it as in sqlite:verdict.db")
	}
	s.dialect = sqliteDialect
	if err := s.lockFile(ctx, path); err != nil {
		return err
	}
	// SQLite gives its journal the permissions of the file: nobody else may read what messages say.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() + "?" + sqlitePragmas
	if volatile {
		name = strings.Replace(name, "synchronous(FULL)", "synchronous(OFF)", 1)
	}
	if s.db, err = s.openPool("sqlite", name+"&_txlock=immediate", 1); err != nil {
		return err
	}
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("open the store %s: %w", path, err)
	}
	read, err := s.openPool("sqlite", name+"&_query_only=1", 4)
	if err != nil {
		return err
	}
	s.group = newGroup()
	s.writes = &statements{db: s.db, prepared: map[string]*sql.Stmt{}}
	s.read = reader{read, &statements{db: read, prepared: map[string]*sql.Stmt{}}}
	return nil
}

func (s *Store) openPool(driver, name string, connections int) (*sql.DB, error) {
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s.closers = append(s.closers, db.Close)
	return db, nil
}

// patience is how long one short command waits for another to end.
const lockPatience = 2 * time.Second

// lockFile takes path's lock file for this process. The kernel gives it back when the process ends, however it
// ends; the file stays.
func (s *Store) lockFile(ctx context.Context, path string) error {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the store's lock: %w", err)
	}
	s.closers = append(s.closers, f.Close)
	for end := time.Now().Add(lockPatience); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("lock %s: %w", name, err)
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %s is held by process %s; stop it, or ask it by its admin socket", ErrInUse, filepath.Base(path), holderOf(f))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func holderOf(f *os.File) string {
	pid, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if text := strings.TrimSpace(string(pid)); err == nil && text != "" {
		return text
	}
	return "unknown"
}
