package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

var postgresDialect = dialect{
	name:       "postgres",
	lock:       " FOR UPDATE",
	shareLock:  " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	alone:      "LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE",
	define: []string{
		// Ids are compared byte by byte, as SQLite does, whatever the database's own collation is.
		`CREATE COLLATION IF NOT EXISTS "binary" FROM "C"`,
		"CREATE OR REPLACE VIEW clock AS SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS ms",
	},
	notify:      "SELECT pg_notify('verdict', $1)",
	insertSizes: []int{125, 25, 5, 1},
	numbered:    true,
	transient:   transientPostgres,
}

// transientPostgres is true where PostgreSQL ended a transaction only because another one was in its way.
func transientPostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") // serialization failure, deadlock
}

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	s.dialect = postgresDialect
	config, password, err := postgresConfig(o)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(func(_ context.Context, c *pgx.ConnConfig) error {
		return setPassword(c, password)
	}))
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	s.closers = append(s.closers, db.Close)
	s.db, s.read = db, reader{DB: db}
	s.dialect.listen = func(ctx context.Context) (*pgx.Conn, error) {
		c := config.Copy()
		if err := setPassword(c, password); err != nil {
			return nil, err
		}
		return pgx.ConnectConfig(ctx, c)
	}
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	return nil
}

// idleLimit is PostgreSQL's setting for how long a transaction may wait for its client. Ours never wait for anything.
const idleLimit = "idle_in_transaction_session_timeout"

// postgresConfig reads the URL. The password is taken out before anything can put it into an error.
func postgresConfig(o Options) (*pgx.ConnConfig, func() (string, error), error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, nil, errors.New("store.url can't be read; write it as in postgres://verdict@db.example.org/verdict, with the password in store.passwordFile")
	}
	password := o.Password
	if p, ok := u.User.Password(); ok {
		u.User = url.User(u.User.Username())
		if password == nil {
			password = func() (string, error) { return p, nil }
		}
	}
	q := u.Query()
	if p := q.Get("password"); p != "" {
		return nil, nil, errors.New("store.url has a password among its parameters; put it into store.passwordFile")
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, nil, fmt.Errorf("read store.url: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	// A replica that freezes in the middle of a transaction, or whose host is gone, would keep its rows from the others.
	if _, set := config.RuntimeParams[idleLimit]; !set {
		config.RuntimeParams[idleLimit] = "5s"
	}
	return config, password, nil
}

func setPassword(c *pgx.ConnConfig, password func() (string, error)) error {
	if password == nil {
		return nil
	}
	p, err := password()
	if err != nil {
		return fmt.Errorf("read the store's password: %w", err)
	}
	c.Password = p
	return nil
}
