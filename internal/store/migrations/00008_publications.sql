-- +goose Up
-- The sets of rules that were in force, the newest last: which commit, if any, and what it made of each team. All
-- replicas follow it where rules come from a repository.
CREATE TABLE publications (
  seq          BIGINT PRIMARY KEY,
  hash         TEXT NOT NULL,          -- of rule_sets
  commit_id    TEXT NOT NULL DEFAULT '',
  author       TEXT NOT NULL DEFAULT '',
  subject      TEXT NOT NULL DEFAULT '',
  commit_ms    BIGINT NOT NULL DEFAULT 0,
  published_ms BIGINT NOT NULL,
  replica      TEXT NOT NULL,
  report       BYTEA NOT NULL          -- JSON: the teams, those that changed, those that are broken
);
CREATE INDEX publications_hash ON publications (hash, seq);

-- One row: who fetches the repository, when next, and how it went; and the set that all are pinned to.
CREATE TABLE rule_source (
  name        TEXT PRIMARY KEY,
  holder      TEXT NOT NULL DEFAULT '',
  lease_ms    BIGINT NOT NULL DEFAULT 0,
  epoch       BIGINT NOT NULL DEFAULT 0,
  due_ms      BIGINT NOT NULL DEFAULT 0,
  head        TEXT NOT NULL DEFAULT '', -- the branch's commit at the last fetch
  fetched_ms  BIGINT NOT NULL DEFAULT 0,
  failures    INTEGER NOT NULL DEFAULT 0,
  failing_ms  BIGINT NOT NULL DEFAULT 0,
  error       TEXT NOT NULL DEFAULT '',
  pin_seq     BIGINT NOT NULL DEFAULT 0,
  pin_by      TEXT NOT NULL DEFAULT '',
  pin_reason  TEXT NOT NULL DEFAULT '',
  pin_ms      BIGINT NOT NULL DEFAULT 0
);
INSERT INTO rule_source (name) VALUES ('rules');

ALTER TABLE decisions ADD COLUMN commit_id TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 'schema 7 does not know which commit rules are of';
