package store

import (
	"context"
	"fmt"
)

// OkToTest is somebody's word that the tasks of a patchset may be started.
type OkToTest struct {
	Server   string
	Change   int
	Revision string
	// Account is Gerrit's number of whoever said it.
	Account         int64
	Username, Email string
	EventID         string
}

func scanOkToTest(row scanner) (OkToTest, error) {
	var o OkToTest
	err := row.Scan(&o.Server, &o.Change, &o.Revision, &o.Account, &o.Username, &o.Email, &o.EventID)
	return o, err
}

// OkToTests are those who said so of a patchset, the first first.
func (s *Store) OkToTests(ctx context.Context, server string, change int, revision string) ([]OkToTest, error) {
	said, err := all(ctx, s.read, scanOkToTest, `SELECT server, change_num, revision, account, username, email, event_id FROM ok_to_tests
		WHERE server = $1 AND change_num = $2 AND revision = $3 ORDER BY said_ms, account`, server, change, revision)
	if err != nil {
		return nil, fmt.Errorf("read who lets change %d of %s be tested: %w", change, server, err)
	}
	return said, nil
}

// WaitForOk are the actions of a lane that wait for somebody's "ok to test".
func (s *Store) WaitForOk(ctx context.Context, lane string) ([]Action, error) {
	waiting, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+` FROM actions
		WHERE lane = $1 AND state = 'waiting' AND approve = '' ORDER BY seq`, lane)
	if err != nil {
		return nil, fmt.Errorf("read what waits in lane %s: %w", lane, err)
	}
	return waiting, nil
}

func (t *tx) writeOkToTests(ctx context.Context, said []OkToTest) error {
	for _, o := range said {
		_, err := t.exec(ctx, `INSERT INTO ok_to_tests (server, change_num, revision, account, username, email, event_id, said_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT ms FROM clock)) ON CONFLICT DO NOTHING`,
			o.Server, o.Change, o.Revision, o.Account, o.Username, o.Email, o.EventID)
		if err != nil {
			return fmt.Errorf("note who lets change %d of %s be tested: %w", o.Change, o.Server, err)
		}
	}
	return nil
}

// lookAtWaiting has the actions of lanes that wait for somebody's "ok to test" looked at again, under the lanes' locks.
func (t *tx) lookAtWaiting(ctx context.Context, lanes []string) error {
	for _, lane := range lanes {
		if _, _, err := first(ctx, t, text, "SELECT id FROM lanes WHERE id = $1"+t.s.dialect.lock, lane); err != nil {
			return fmt.Errorf("lock lane %s: %w", lane, err)
		}
		n, err := t.exec(ctx, `UPDATE actions SET state = 'pending', due_ms = (SELECT ms FROM clock)
			WHERE lane = $1 AND state = 'waiting' AND approve = ''`, lane)
		if err != nil {
			return fmt.Errorf("look at what waits in lane %s: %w", lane, err)
		}
		if n == 0 {
			continue
		}
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		if err := t.makeDue(ctx, lane, now); err != nil {
			return err
		}
	}
	return nil
}

// heardOf tells whether more than so many people have said "ok to test" of an action's patchset: then it doesn't wait.
func (t *tx) heardOf(ctx context.Context, actionID string, known int) (bool, error) {
	var said int
	err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM ok_to_tests o JOIN actions a
		ON o.server = a.server AND o.change_num = a.change_num AND o.revision = a.revision WHERE a.id = $1`, actionID).Scan(&said)
	if err != nil {
		return false, fmt.Errorf("look who lets it be tested: %w", err)
	}
	return said > known, nil
}
