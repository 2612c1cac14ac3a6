-- +goose Up
-- What the guards count: of an action when it first began, and when it was first said on its change (all that one post
-- says has one time); of a rule when it first acted, and since when it is counted, which its release moves.
ALTER TABLE actions ADD COLUMN first_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN said_ms  BIGINT NOT NULL DEFAULT 0;
UPDATE actions SET first_ms = started_ms;
CREATE INDEX actions_begun ON actions (team, first_ms) WHERE first_ms > 0;

CREATE TABLE guards (
  team     TEXT NOT NULL,
  rule     TEXT NOT NULL,              -- '': the team itself, whose row is locked while it is counted
  first_ms BIGINT NOT NULL,
  since_ms BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (team, rule)
);
INSERT INTO guards (team, rule, first_ms) SELECT team, rule, MIN(started_ms) FROM actions WHERE started_ms > 0 AND rule <> '' GROUP BY team, rule;

-- What the bot's own doings lead to: how many of them stand behind whatever is heard of a task next, or of who a change
-- waits for. A row goes when no more is to be heard of it.
CREATE TABLE causes (
  thing    TEXT PRIMARY KEY,           -- task:T, attention:S~N
  group_id TEXT NOT NULL DEFAULT '',
  hops     INTEGER NOT NULL,
  made_ms  BIGINT NOT NULL
);
CREATE INDEX causes_group ON causes (group_id) WHERE group_id <> '';
CREATE INDEX causes_made ON causes (made_ms);

-- +goose Down
SELECT 'schema 9 counts nothing';
