// Package store keeps what must survive: events, decisions, actions, opinions, and where each stands.
//
// It runs on SQLite, the embedded default, and on PostgreSQL, for several replicas, by one text of SQL; the two
// differ only in what dialect says. Every time in it is the database's own clock's. It knows the rules of taking
// turns (an event is decided by one replica, a lane is worked on by one) and of order (older news about the same
// thing does not overwrite newer); what an event means, and what an action does, is left to internal/decide and
// internal/deliver. It persists all tables of the migrations beside it. internal/ingest, internal/decide,
// internal/deliver and internal/app call it.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
)

// Options say which store to open.
type Options struct {
	// URL is sqlite:PATH, or postgres://user@host/database with the parameters that libpq knows.
	URL string
	// Password gives the password of a PostgreSQL user; it is asked at every connect, so it may rotate. Nil: the
	// one in the URL, if any.
	Password func() (string, error)
	// Migrate is auto, which brings the schema to what this release needs, or off, which refuses to open an
	// older one; "" is auto.
	Migrate string
	// Volatile has a SQLite file's commits not wait for the disk: for what is thrown away when the process ends.
	Volatile bool
	// Log hears of connections lost and found.
	Log zerolog.Logger
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	// id tells this store's notifications from those of other replicas.
	id      string
	dialect dialect
	// db writes, and read reads; on SQLite the one has a single connection.
	db   *sql.DB
	read reader
	// writes are db's prepared statements; nil where the driver keeps its own.
	writes *statements
	// group commits what is written at the same time together; nil where the database has many writers.
	group *group
	// whole and short insert events; see Accept.
	whole, short inserts
	log          zerolog.Logger
	wake         wake
	// closers are run in reverse.
	closers []func() error
}

// dialect is all in which the two databases differ.
type dialect struct {
	name string
	// lock and skipLocked end a SELECT whose rows are to be changed; SQLite has one writer, and needs neither.
	lock, shareLock, skipLocked string
	// alone keeps others from writing to tables until the transaction ends; empty where there is one writer.
	alone string
	// define makes what the migrations stand on: the view clock, and the collation "binary".
	define []string
	// notify tells other replicas, within the transaction; empty where there are none.
	notify string
	// listen connects anew, to hear notifications.
	listen func(ctx context.Context) (*pgx.Conn, error)
	// insertSizes are how many events one INSERT takes, from the largest down to 1. PostgreSQL is a way off, and
	// answers each statement.
	insertSizes []int
	// numbered says that the parameters of these INSERTs are.
	numbered bool
	// transient tells whether a transaction that ended so may be tried again.
	transient func(error) bool
}

// ErrInUse means that another process has the SQLite file open.
var ErrInUse = errors.New("store: in use")

// Open opens a store, and brings its schema up to date where Options.Migrate says so. Its errors name neither
// password nor URL.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{id: rand.Text()[:12], log: o.Log}
	s.wake.init()
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	path, ok := strings.CutPrefix(o.URL, "sqlite:")
	switch {
	case ok:
		if err := s.openSQLite(ctx, path, o.Volatile); err != nil {
			return err
		}
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		if err := s.openPostgres(ctx, o); err != nil {
			return err
		}
	default:
		return errors.New("store.url begins with neither sqlite: nor postgres://; write it as in sqlite:verdict.db")
	}
	if err := s.migrate(ctx, o.Migrate); err != nil {
		return err
	}
	if err := s.prepareInserts(ctx); err != nil {
		return err
	}
	if s.dialect.notify != "" {
		return s.listen(ctx)
	}
	return nil
}

// Close gives up the store's connections and its lock. What was committed stays.
func (s *Store) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// Now is the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var ms int64
	if err := s.read.QueryRowContext(ctx, "SELECT ms FROM clock").Scan(&ms); err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return timeOf(ms), nil
}
