-- +goose Up
-- What somebody has to mend: a row for each problem of a team, kept over restarts, so that all replicas together tell
-- it once a day.
CREATE TABLE problems (
  team     TEXT NOT NULL,              -- '' where it is no team's
  name     TEXT NOT NULL,              -- what it is, in the same words each time
  said     TEXT NOT NULL,              -- how it was last
  remedy   TEXT NOT NULL,
  since_ms BIGINT NOT NULL,
  last_ms  BIGINT NOT NULL,
  times    BIGINT NOT NULL,            -- how often since then
  told_ms  BIGINT NOT NULL,            -- when it was told last: once a day, in UTC
  over_ms  BIGINT NOT NULL DEFAULT 0,  -- when it was mended
  PRIMARY KEY (team, name)
);

-- An action may have to be approved by somebody; who did stays with it. Of one that waits, due_ms is when that ends.
ALTER TABLE actions ADD COLUMN approve     TEXT NOT NULL DEFAULT '';   -- operators; '': nobody has to
ALTER TABLE actions ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN approved_ms BIGINT NOT NULL DEFAULT 0;

-- A task group that was heard of is looked at again until it has settled: so one that is stuck is found, and one whose
-- last message was lost. due_ms is when, 0 if nobody need look; a look that is due becomes an event, with the message
-- that was heard last (body). since_ms is when the hash was first seen.
ALTER TABLE task_groups ADD COLUMN stuck        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_groups ADD COLUMN since_ms     BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE task_groups ADD COLUMN due_ms       BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE task_groups ADD COLUMN heard        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_groups ADD COLUMN body_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_groups ADD COLUMN body         BYTEA   NOT NULL DEFAULT '';
CREATE INDEX task_groups_due ON task_groups (due_ms) WHERE due_ms > 0;
UPDATE task_groups SET due_ms = 1 WHERE settled = 0;

-- What a rule with `once` did: a row for each thing that it acted on, written with the decision. It goes when it may
-- act again, or when what it is about is forgotten.
CREATE TABLE onces (
  team       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  action_key TEXT NOT NULL,            -- '': all of the rule
  thing      TEXT NOT NULL,            -- run:T/N, task:T, patchset:S~N~SHA, change:S~N
  acted_as   TEXT NOT NULL,            -- the rule's name of then, under which its actions are
  event_id   TEXT NOT NULL,
  acted_ms   BIGINT NOT NULL,
  until_ms   BIGINT NOT NULL,          -- 0: for good
  server     TEXT NOT NULL,            -- '' where it is a run or a task
  change_num BIGINT NOT NULL,
  PRIMARY KEY (team, rule, action_key, thing)
);

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

-- How rules were called before, as the rule files in force say.
CREATE TABLE renames (
  team TEXT NOT NULL,
  was  TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (team, was)
);

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

-- Who said "ok to test" of a patchset. Whether that counts is asked when a task is about to be created.
CREATE TABLE ok_to_tests (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  revision   TEXT NOT NULL,
  account    BIGINT NOT NULL,          -- Gerrit's number
  username   TEXT NOT NULL,
  email      TEXT NOT NULL,
  event_id   TEXT NOT NULL,            -- of the message
  said_ms    BIGINT NOT NULL,
  PRIMARY KEY (server, change_num, revision, account)
);

-- What a team's reports on a patchset are about: the task groups that are known for it, from the first task known of
-- each. begun is the group's latest generation (task_groups) that wasn't settled, settled the latest of which that was
-- decided: whichever is written first, a report waits while begun is the later one.
CREATE TABLE awaited (
  group_id   TEXT NOT NULL,
  team       TEXT NOT NULL,
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  patchset   INTEGER NOT NULL,
  revision   TEXT NOT NULL,
  project    TEXT NOT NULL,
  branch     TEXT NOT NULL,
  begun      BIGINT NOT NULL,
  settled    BIGINT NOT NULL,
  PRIMARY KEY (group_id, team, server, change_num, revision)
);
CREATE INDEX awaited_change ON awaited (server, change_num);
CREATE INDEX awaited_open ON awaited (server, change_num) WHERE begun > settled;

-- An opinion that waits lets nothing above 0 show beside it.
ALTER TABLE opinions ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;

-- What a report said last on a patchset: the same again is silence, and later patchsets are compared with it.
CREATE TABLE reported (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  revision   TEXT NOT NULL,
  team       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  label      TEXT NOT NULL,
  patchset   INTEGER NOT NULL,
  project    TEXT NOT NULL,
  branch     TEXT NOT NULL,
  outcome    TEXT NOT NULL,             -- as its action names it
  tasks      BYTEA NOT NULL,            -- JSON: how each task of a name went
  failed     INTEGER NOT NULL,          -- 1: the owner was told of a failure
  said_ms    BIGINT NOT NULL,
  PRIMARY KEY (server, change_num, revision, team, rule, label)
);
CREATE INDEX reported_branch ON reported (server, project, branch, said_ms);

-- What rules made of a task's events: people ask by its id. Most events are no rule's, and aren't in it.
CREATE INDEX events_task ON events (task_id, received_ms) WHERE task_id <> '' AND state <> 'unmatched';

-- +goose Down
SELECT 'schema 3 knows a part of the rule language';
