-- +goose Up
-- One text for SQLite and PostgreSQL. Times are milliseconds since 1970 by the database's own clock
-- (the view "clock", which each dialect defines when the store is opened), 0 where there is none. Ids that are
-- looked for by their beginning are compared byte by byte: "binary" is SQLite's own way, and defined on PostgreSQL.

-- An id is a hash, and an index on it alone is written to all over: half the cost of taking in an event. So what
-- makes an event unique begins with its own time, which is as much part of the occurrence and comes nearly in order;
-- that of the few that a rule matches is unique by id alone too.
CREATE TABLE events (
  key_ms       BIGINT NOT NULL,        -- its own time, or 0; for a hint, the minute it came in
  id           TEXT COLLATE "binary" NOT NULL,
  source       TEXT NOT NULL,
  type         TEXT NOT NULL,
  routing_key  TEXT NOT NULL DEFAULT '',
  routes       TEXT NOT NULL DEFAULT '',
  change       TEXT NOT NULL DEFAULT '',
  task_id      TEXT NOT NULL DEFAULT '',
  group_id     TEXT NOT NULL DEFAULT '',
  time_ms      BIGINT NOT NULL,
  received_ms  BIGINT NOT NULL,
  state        TEXT NOT NULL,
  set_hash     TEXT NOT NULL DEFAULT '',
  parent       TEXT NOT NULL DEFAULT '',
  body_version INTEGER NOT NULL,
  body         BYTEA NOT NULL,
  error        TEXT NOT NULL DEFAULT '',
  attempts     INTEGER NOT NULL DEFAULT 0,
  due_ms       BIGINT NOT NULL DEFAULT 0,
  holder       TEXT NOT NULL DEFAULT '',
  lease_ms     BIGINT NOT NULL DEFAULT 0,
  epoch        BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (key_ms, id)
);
CREATE UNIQUE INDEX events_id ON events (id) WHERE state <> 'unmatched';
CREATE INDEX events_open    ON events (due_ms, received_ms) WHERE state IN ('received', 'deciding');
CREATE INDEX events_intake  ON events (received_ms, state, task_id);
CREATE INDEX events_matched ON events (received_ms, state) WHERE state <> 'unmatched';
CREATE INDEX events_change  ON events (change, received_ms) WHERE change <> '';

CREATE TABLE decisions (
  event_id    TEXT NOT NULL,
  team        TEXT NOT NULL,
  rule        TEXT NOT NULL,
  set_hash    TEXT NOT NULL,
  matched     INTEGER NOT NULL,
  shadow      INTEGER NOT NULL,
  stopped     TEXT NOT NULL DEFAULT '',
  explanation BYTEA NOT NULL,
  facts       BYTEA NOT NULL,
  decided_ms  BIGINT NOT NULL,
  PRIMARY KEY (event_id, team, rule)
);
CREATE INDEX decisions_rule ON decisions (team, rule, decided_ms);
CREATE INDEX decisions_time ON decisions (decided_ms);

CREATE TABLE actions (
  id           TEXT COLLATE "binary" PRIMARY KEY,
  event_id     TEXT COLLATE "binary" NOT NULL,
  team         TEXT NOT NULL,
  rule         TEXT NOT NULL,
  action_key   TEXT NOT NULL,
  kind         TEXT NOT NULL,
  lane         TEXT NOT NULL,
  seq          BIGINT NOT NULL,
  server       TEXT NOT NULL DEFAULT '',
  change_num   BIGINT NOT NULL DEFAULT 0,
  patchset     INTEGER NOT NULL DEFAULT 0,
  revision     TEXT NOT NULL DEFAULT '',
  project      TEXT NOT NULL DEFAULT '',
  branch       TEXT NOT NULL DEFAULT '',
  state        TEXT NOT NULL,
  args_version INTEGER NOT NULL,
  args         BYTEA NOT NULL,
  attempts     INTEGER NOT NULL DEFAULT 0,
  due_ms       BIGINT NOT NULL,
  created_ms   BIGINT NOT NULL,
  started_ms   BIGINT NOT NULL DEFAULT 0,
  deadline_ms  BIGINT NOT NULL DEFAULT 0,
  last_message TEXT NOT NULL DEFAULT '',
  reason       TEXT NOT NULL DEFAULT '',
  result       BYTEA,
  done_ms      BIGINT NOT NULL DEFAULT 0,
  UNIQUE (event_id, team, rule, action_key)
);
CREATE INDEX actions_open    ON actions (lane, seq) WHERE state IN ('pending', 'running', 'retrying', 'held');
CREATE INDEX actions_lane    ON actions (lane, created_ms);
CREATE INDEX actions_state   ON actions (state, created_ms);
CREATE INDEX actions_created ON actions (created_ms);

-- A lane's row is locked whenever an action is added to it or it is released, so no wake-up is lost.
CREATE TABLE lanes (
  id       TEXT PRIMARY KEY,
  due_ms   BIGINT NOT NULL,            -- 0: nothing to do
  next_seq BIGINT NOT NULL DEFAULT 1,
  holder   TEXT NOT NULL DEFAULT '',
  lease_ms BIGINT NOT NULL DEFAULT 0,
  epoch    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX lanes_due ON lanes (due_ms) WHERE due_ms > 0;

CREATE TABLE opinions (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  revision   TEXT NOT NULL,
  kind       TEXT NOT NULL,
  target     TEXT NOT NULL,
  team       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  about      TEXT NOT NULL,
  patchset   INTEGER NOT NULL,
  value      INTEGER NOT NULL,
  stands     INTEGER NOT NULL,
  made_ms    BIGINT NOT NULL,          -- created time of the task or group that it is about
  run        INTEGER NOT NULL,
  event_id   TEXT NOT NULL,
  PRIMARY KEY (server, change_num, revision, kind, target, team, rule, about)
);
CREATE INDEX opinions_rule ON opinions (team, rule) WHERE stands = 1;

CREATE TABLE posted (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  revision   TEXT NOT NULL,
  label      TEXT NOT NULL,
  value      INTEGER NOT NULL,
  signature  TEXT NOT NULL,
  PRIMARY KEY (server, change_num, revision, label)
);

CREATE TABLE own_tags (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  tag        TEXT NOT NULL,
  PRIMARY KEY (server, change_num, tag)
);

CREATE TABLE links (
  kind       TEXT NOT NULL,
  id         TEXT NOT NULL,
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  patchset   INTEGER NOT NULL,
  revision   TEXT NOT NULL,
  project    TEXT NOT NULL,
  branch     TEXT NOT NULL,
  made_by    TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (kind, id)
);
CREATE INDEX links_change ON links (server, change_num);

CREATE TABLE task_groups (
  group_id   TEXT PRIMARY KEY,
  hash       TEXT NOT NULL,
  generation BIGINT NOT NULL,
  settled    INTEGER NOT NULL
);

CREATE TABLE rule_sets (hash TEXT PRIMARY KEY, body BYTEA NOT NULL, loaded_ms BIGINT NOT NULL);
CREATE TABLE team_files (team TEXT PRIMARY KEY, hash TEXT NOT NULL, body BYTEA NOT NULL, loaded_ms BIGINT NOT NULL);
CREATE TABLE begins (
  source TEXT NOT NULL, server TEXT NOT NULL, project TEXT NOT NULL, team TEXT NOT NULL, rule TEXT NOT NULL,
  begin_ms BIGINT NOT NULL,
  PRIMARY KEY (source, server, project, team, rule)
);
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE holds (scope TEXT PRIMARY KEY, reason TEXT NOT NULL, held_by TEXT NOT NULL, since_ms BIGINT NOT NULL);
CREATE TABLE replicas (id TEXT PRIMARY KEY, set_hash TEXT NOT NULL, bindings TEXT NOT NULL, seen_ms BIGINT NOT NULL);

-- +goose Down
SELECT 'schema 1 is the first: there is nothing to go back to';
