package store

import (
	"context"
	"fmt"
	"time"
)

// RuleSource says where the rules in force come from, as all replicas see it.
type RuleSource struct {
	// Newest is the number of the newest publication; 0: there is none.
	Newest int64
	// Pin is the publication that is in force instead; zero: none.
	Pin Pin
	// Head is the branch's commit at the last fetch that succeeded, at Fetched.
	Head    string
	Fetched time.Time
	// Error is why the last Failures fetches failed, since Failing; Due is when the next one is.
	Error        string
	Failures     int
	Failing, Due time.Time
}

// Pin keeps all replicas on one publication.
type Pin struct {
	// Seq is the publication; 0: there is no pin.
	Seq        int64
	By, Reason string
	Since      time.Time
}

// RuleSource reads it.
func (s *Store) RuleSource(ctx context.Context) (RuleSource, error) {
	r, _, err := first(ctx, s.read, func(row scanner) (RuleSource, error) {
		var r RuleSource
		var fetched, failing, due, pinned int64
		err := row.Scan(&r.Newest, &r.Head, &fetched, &r.Failures, &failing, &r.Error, &due, &r.Pin.Seq, &r.Pin.By, &r.Pin.Reason, &pinned)
		r.Fetched, r.Failing, r.Due, r.Pin.Since = timeOf(fetched), timeOf(failing), timeOf(due), timeOf(pinned)
		return r, err
	}, `SELECT (SELECT COALESCE(MAX(seq), 0) FROM publications), head, fetched_ms, failures, failing_ms, error, due_ms, pin_seq, pin_by, pin_reason, pin_ms
		FROM rule_source WHERE name = 'rules'`)
	if err != nil {
		return r, fmt.Errorf("read where rules come from: %w", err)
	}
	return r, nil
}

// PinRules puts a publication into force for all replicas until ReleaseRules.
func (s *Store) PinRules(ctx context.Context, p Pin) error {
	return s.pin(ctx, `UPDATE rule_source SET pin_seq = $1, pin_by = $2, pin_reason = $3, pin_ms = (SELECT ms FROM clock)
		WHERE name = 'rules' AND EXISTS (SELECT 1 FROM publications WHERE seq = $4)`, p.Seq, p.By, p.Reason, p.Seq)
}

// ReleaseRules ends a pin; ErrNotFound when there is none. The repository is looked at right away.
func (s *Store) ReleaseRules(ctx context.Context) error {
	return s.pin(ctx, "UPDATE rule_source SET pin_seq = 0, pin_by = '', pin_reason = '', pin_ms = 0, due_ms = 0 WHERE name = 'rules' AND pin_seq <> 0")
}

func (s *Store) pin(ctx context.Context, query string, args ...any) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.lockRules(ctx); err != nil {
			return err
		}
		n, err := t.exec(ctx, query, args...)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		t.woke = true
		return err
	})
	if err != nil {
		return fmt.Errorf("pin rules: %w", err)
	}
	return nil
}

// Fetch is one replica's turn to look at the repository.
type Fetch struct{ Epoch int64 }

func (f *Fetch) epoch() int64 {
	if f == nil {
		return 0
	}
	return f.Epoch
}

// ClaimFetch gives the turn where it is due and nobody has it; nil: it isn't. Another replica takes it over when the
// lease has ended.
func (s *Store) ClaimFetch(ctx context.Context, holder string, lease time.Duration) (*Fetch, error) {
	var f *Fetch
	err := s.write(ctx, func(t *tx) error {
		epochs, err := all(ctx, t, func(row scanner) (n int64, err error) {
			err = row.Scan(&n)
			return n, err
		}, `UPDATE rule_source SET holder = $1, lease_ms = (SELECT ms FROM clock) + CAST($2 AS BIGINT), epoch = epoch + 1
			WHERE name = 'rules' AND due_ms <= (SELECT ms FROM clock) AND lease_ms <= (SELECT ms FROM clock) RETURNING epoch`, holder, ms(lease))
		f = nil
		if len(epochs) > 0 {
			f = &Fetch{epochs[0]}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim the fetch of rules: %w", err)
	}
	return f, nil
}

// EndFetch gives the turn back, the next one due in next. Failed is why it failed, "" where it didn't and head is what
// it found. Whoever lost the lease writes nothing.
func (s *Store) EndFetch(ctx context.Context, f *Fetch, head, failed string, next time.Duration) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE rule_source SET holder = '', lease_ms = 0, due_ms = (SELECT ms FROM clock) + CAST($1 AS BIGINT), error = $2,
			head = CASE WHEN $3 = '' THEN $4 ELSE head END,
			fetched_ms = CASE WHEN $5 = '' THEN (SELECT ms FROM clock) ELSE fetched_ms END,
			failures = CASE WHEN $6 = '' THEN 0 ELSE failures + 1 END,
			failing_ms = CASE WHEN $7 = '' THEN 0 WHEN failures = 0 THEN (SELECT ms FROM clock) ELSE failing_ms END
			WHERE name = 'rules' AND epoch = $8`, ms(next), failed, failed, head, failed, failed, failed, f.Epoch)
		return err
	})
	if err != nil {
		return fmt.Errorf("end the fetch of rules: %w", err)
	}
	return nil
}

// FetchNow makes the next fetch due.
func (s *Store) FetchNow(ctx context.Context) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE rule_source SET due_ms = 0 WHERE name = 'rules'")
		t.woke = true
		return err
	})
	if err != nil {
		return fmt.Errorf("have rules fetched: %w", err)
	}
	return nil
}
