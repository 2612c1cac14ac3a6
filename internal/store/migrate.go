package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"runtime/debug"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// SchemaVersion is the schema that this release writes. It runs on the next one too, so that replicas of two
// releases can work side by side.
const SchemaVersion = 4

// migrationLock is the advisory lock under which replicas that start together take turns on PostgreSQL.
const migrationLock = 0x7665726469637400

func (s *Store) migrate(ctx context.Context, mode string) error {
	if mode == "off" {
		return s.checkSchema(ctx)
	}
	if mode != "auto" && mode != "" {
		return fmt.Errorf("store.migrate is %q; it takes auto or off", mode)
	}
	if s.dialect.notify != "" {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("connect to the store: %w", err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
			return fmt.Errorf("wait for other replicas' migrations: %w", err)
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
	}
	if err := s.define(ctx); err != nil {
		return err
	}
	p, err := s.provider()
	if err != nil {
		return err
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version >= SchemaVersion {
		return known(version)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the store: %w", err)
	}
	// Reading the migrations takes 16 MB, once in a store's life: a small machine gets them back before rules are
	// loaded.
	debug.FreeOSMemory()
	return nil
}

func (s *Store) define(ctx context.Context) error {
	for _, text := range s.dialect.define {
		if _, err := s.db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("define the clock: %w", err)
		}
	}
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.Dialect(s.dialect.name), s.db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}

// checkSchema refuses a schema that this release can't run on. It changes nothing.
func (s *Store) checkSchema(ctx context.Context) error {
	var version int64
	err := s.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&version)
	if err != nil || version < SchemaVersion {
		return fmt.Errorf("the store has schema %d, this release needs %d: open it once with store.migrate: auto", version, SchemaVersion)
	}
	return known(version)
}

func known(version int64) error {
	if version > SchemaVersion+1 {
		return fmt.Errorf("the store has schema %d, this release knows %d and runs on %d at most: use a newer release", version, SchemaVersion, SchemaVersion+1)
	}
	return nil
}
