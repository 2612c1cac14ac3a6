package store

import (
	"context"
	"fmt"
	"time"
)

// Publication says that a set of rules came into force.
type Publication struct {
	// Seq orders publications; the store gives it.
	Seq  int64
	Hash string
	// Commit, Author, Subject and Committed are empty where the rules are a folder's.
	Commit, Author, Subject string
	Committed               time.Time
	Published               time.Time
	// Replica is who published it.
	Replica string
	// Report is JSON of what the set is for each team; opaque to the store.
	Report []byte
}

// Publish keeps a set with what of it is each team's last good, and makes it the newest, in one transaction; one that is
// the newest already, by hash and commit, stays it. Under a fetch, ErrLeaseLost when another replica has claimed the fetch since; nil: under none.
func (s *Store) Publish(ctx context.Context, set RuleSet, good []TeamFiles, p Publication, under *Fetch) (Publication, error) {
	err := s.write(ctx, func(t *tx) error {
		// The row is everybody's who publishes, so that they take turns.
		n, err := t.exec(ctx, "UPDATE rule_source SET epoch = epoch WHERE name = 'rules' AND ($1 = 0 OR epoch = $2)", intOf(under != nil), under.epoch())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLeaseLost
		}
		if err := t.saveTeamFiles(ctx, good); err != nil {
			return err
		}
		newest, ok, err := first(ctx, t, scanPublication, selectPublications+" ORDER BY seq DESC LIMIT 1")
		if err != nil {
			return err
		}
		if ok && newest.Hash == p.Hash && newest.Commit == p.Commit {
			p = newest
			return nil
		}
		if _, err := t.exec(ctx, "INSERT INTO rule_sets (hash, body, loaded_ms) VALUES ($1, $2, (SELECT ms FROM clock)) ON CONFLICT (hash) DO NOTHING", set.Hash, bytesOf(set.Body)); err != nil {
			return err
		}
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		p.Seq, p.Published = newest.Seq+1, timeOf(now)
		_, err = t.exec(ctx, `INSERT INTO publications (seq, hash, commit_id, author, subject, commit_ms, published_ms, replica, report)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, p.Seq, p.Hash, p.Commit, p.Author, p.Subject, msOf(p.Committed), now, p.Replica, bytesOf(p.Report))
		t.woke = true
		return err
	})
	if err != nil {
		return Publication{}, fmt.Errorf("publish rules %s: %w", p.Hash, err)
	}
	return p, nil
}

const selectPublications = "SELECT seq, hash, commit_id, author, subject, commit_ms, published_ms, replica, report FROM publications"

func scanPublication(row scanner) (Publication, error) {
	var p Publication
	var committed, published int64
	err := row.Scan(&p.Seq, &p.Hash, &p.Commit, &p.Author, &p.Subject, &committed, &published, &p.Replica, &p.Report)
	p.Committed, p.Published = timeOf(committed), timeOf(published)
	return p, err
}

// Publications are the last n, the newest first.
func (s *Store) Publications(ctx context.Context, n int) ([]Publication, error) {
	found, err := all(ctx, s.read, scanPublication, selectPublications+" ORDER BY seq DESC LIMIT $1", n)
	if err != nil {
		return nil, fmt.Errorf("read which rules were published: %w", err)
	}
	return found, nil
}

// PublicationOf finds the newest publication whose hash or commit is, or begins with, what is asked for.
// ErrNotFound, and ErrAmbiguous where it fits several sets.
func (s *Store) PublicationOf(ctx context.Context, asked string) (Publication, error) {
	found, err := all(ctx, s.read, scanPublication, selectPublications+` WHERE $1 <> '' AND (substr(hash, 1, length(CAST($2 AS TEXT))) = $3 OR substr(commit_id, 1, length(CAST($4 AS TEXT))) = $5)
		ORDER BY seq DESC`, asked, asked, asked, asked, asked)
	if err != nil {
		return Publication{}, fmt.Errorf("look for rules %s: %w", asked, err)
	}
	if len(found) == 0 {
		return Publication{}, fmt.Errorf("rules %s: %w", asked, ErrNotFound)
	}
	for _, p := range found[1:] {
		if p.Hash != found[0].Hash {
			return Publication{}, fmt.Errorf("rules %s: %w; write more of it", asked, ErrAmbiguous)
		}
	}
	return found[0], nil
}

// Publication reads one by its number.
func (s *Store) Publication(ctx context.Context, seq int64) (Publication, error) {
	p, ok, err := first(ctx, s.read, scanPublication, selectPublications+" WHERE seq = $1", seq)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return Publication{}, fmt.Errorf("read publication %d: %w", seq, err)
	}
	return p, nil
}

// lockRules waits for its turn among those who change which rules are in force. It is a statement of its own: the next
// one sees what whoever had the row wrote.
func (t *tx) lockRules(ctx context.Context) error {
	if _, err := t.exec(ctx, "UPDATE rule_source SET epoch = epoch WHERE name = 'rules'"); err != nil {
		return fmt.Errorf("lock where rules come from: %w", err)
	}
	return nil
}

// stillPublished is ErrMoved where a publication isn't the one that all are to be on. None comes before the transaction
// ends.
func (t *tx) stillPublished(ctx context.Context, seq int64) error {
	if err := t.lockRules(ctx); err != nil {
		return err
	}
	_, ok, err := first(ctx, t, text, `SELECT name FROM rule_source WHERE name = 'rules'
		AND CASE WHEN pin_seq <> 0 THEN pin_seq ELSE (SELECT COALESCE(MAX(seq), 0) FROM publications) END = $1`, seq)
	if err != nil {
		return fmt.Errorf("read which rules are in force: %w", err)
	}
	if !ok {
		return fmt.Errorf("rules of publication %d: %w", seq, ErrMoved)
	}
	return nil
}

// lives is of a publication p that a process is on it: its replica was heard of within a time, or it was published or
// pinned within that, and nobody has said yet that he is on it.
const lives = `(p.published_ms > (SELECT ms FROM clock) - CAST($2 AS BIGINT)
	OR EXISTS (SELECT 1 FROM rule_source WHERE pin_seq = p.seq AND pin_ms > (SELECT ms FROM clock) - CAST($2 AS BIGINT))
	OR EXISTS (SELECT 1 FROM replicas r WHERE r.set_hash = p.hash AND r.seen_ms > (SELECT ms FROM clock) - CAST($2 AS BIGINT)))`

// NewerLives tells whether a process that was heard of within this time is on a set that was published after this one.
func (s *Store) NewerLives(ctx context.Context, hash string, within time.Duration) (bool, error) {
	return s.lives(ctx, "p.seq > (SELECT COALESCE(MAX(seq), 0) FROM publications WHERE hash = $1)", hash, within)
}

// PublishedLives tells whether a process that was heard of within this time is on what was published as seq.
func (s *Store) PublishedLives(ctx context.Context, seq int64, within time.Duration) (bool, error) {
	return s.lives(ctx, "p.seq = $1", seq, within)
}

func (s *Store) lives(ctx context.Context, which string, of any, within time.Duration) (bool, error) {
	_, ok, err := first(ctx, s.read, text, "SELECT p.hash FROM publications p WHERE "+which+" AND "+lives+" LIMIT 1", of, ms(within))
	if err != nil {
		return false, fmt.Errorf("look who is on rules that were published: %w", err)
	}
	return ok, nil
}
