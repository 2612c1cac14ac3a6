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
  done_ms      BIGINT NOT NULL DEFAULT 0, approve     TEXT NOT NULL DEFAULT '', approved_by TEXT NOT NULL DEFAULT '', approved_ms BIGINT NOT NULL DEFAULT 0, first_ms BIGINT NOT NULL DEFAULT 0, said_ms  BIGINT NOT NULL DEFAULT 0,
  UNIQUE (event_id, team, rule, action_key)
);
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
CREATE TABLE begins (
  source TEXT NOT NULL, server TEXT NOT NULL, project TEXT NOT NULL, team TEXT NOT NULL, rule TEXT NOT NULL,
  begin_ms BIGINT NOT NULL,
  PRIMARY KEY (source, server, project, team, rule)
);
CREATE TABLE bundles (
  id      BIGINT PRIMARY KEY,          -- the time of intake in milliseconds, with 22 random bits below
  events  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body    BYTEA NOT NULL
);
CREATE TABLE causes (
  thing    TEXT PRIMARY KEY,           -- task:T, attention:S~N
  group_id TEXT NOT NULL DEFAULT '',
  hops     INTEGER NOT NULL,
  made_ms  BIGINT NOT NULL
);
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL);
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
  decided_ms  BIGINT NOT NULL, commit_id TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (event_id, team, rule)
);
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
  epoch        BIGINT NOT NULL DEFAULT 0, bundle BIGINT NOT NULL DEFAULT 0, place  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (key_ms, id)
);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE guards (
  team     TEXT NOT NULL,
  rule     TEXT NOT NULL,              -- '': the team itself, whose row is locked while it is counted
  first_ms BIGINT NOT NULL,
  since_ms BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (team, rule)
);
CREATE TABLE holds (scope TEXT PRIMARY KEY, reason TEXT NOT NULL, held_by TEXT NOT NULL, since_ms BIGINT NOT NULL);
CREATE TABLE lanes (
  id       TEXT PRIMARY KEY,
  due_ms   BIGINT NOT NULL,            -- 0: nothing to do
  next_seq BIGINT NOT NULL DEFAULT 1,
  holder   TEXT NOT NULL DEFAULT '',
  lease_ms BIGINT NOT NULL DEFAULT 0,
  epoch    BIGINT NOT NULL DEFAULT 0
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
  event_id   TEXT NOT NULL, waits INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (server, change_num, revision, kind, target, team, rule, about)
);
CREATE TABLE own_tags (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  tag        TEXT NOT NULL,
  PRIMARY KEY (server, change_num, tag)
);
CREATE TABLE posted (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  revision   TEXT NOT NULL,
  label      TEXT NOT NULL,
  value      INTEGER NOT NULL,
  signature  TEXT NOT NULL,
  PRIMARY KEY (server, change_num, revision, label)
);
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
CREATE TABLE renames (
  team TEXT NOT NULL,
  was  TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (team, was)
);
CREATE TABLE replicas (id TEXT PRIMARY KEY, set_hash TEXT NOT NULL, bindings TEXT NOT NULL, seen_ms BIGINT NOT NULL);
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
CREATE TABLE rule_sets (hash TEXT PRIMARY KEY, body BYTEA NOT NULL, loaded_ms BIGINT NOT NULL);
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
CREATE TABLE seen_changes (
  server     TEXT NOT NULL,
  change_num BIGINT NOT NULL,
  version    BIGINT NOT NULL,          -- rises with each look that found something: of two at once, one is refused
  name       TEXT NOT NULL,            -- Gerrit's own of that state
  state      INTEGER NOT NULL,         -- 1: open, 0: closed, 2: gone
  seen_ms    BIGINT NOT NULL,
  body       BYTEA NOT NULL,
  PRIMARY KEY (server, change_num)
);
CREATE TABLE task_groups (
  group_id   TEXT PRIMARY KEY,
  hash       TEXT NOT NULL,
  generation BIGINT NOT NULL,
  settled    INTEGER NOT NULL
, stuck        INTEGER NOT NULL DEFAULT 0, since_ms     BIGINT  NOT NULL DEFAULT 0, due_ms       BIGINT  NOT NULL DEFAULT 0, heard        INTEGER NOT NULL DEFAULT 0, body_version INTEGER NOT NULL DEFAULT 0, body         BYTEA   NOT NULL DEFAULT '');
CREATE TABLE team_files (team TEXT PRIMARY KEY, hash TEXT NOT NULL, body BYTEA NOT NULL, loaded_ms BIGINT NOT NULL);
CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms;
CREATE INDEX actions_begun ON actions (team, first_ms) WHERE first_ms > 0;
CREATE INDEX actions_created ON actions (created_ms);
CREATE INDEX actions_lane    ON actions (lane, created_ms);
CREATE INDEX actions_open    ON actions (lane, seq) WHERE state IN ('pending', 'running', 'retrying', 'held');
CREATE INDEX actions_state   ON actions (state, created_ms);
CREATE INDEX awaited_change ON awaited (server, change_num);
CREATE INDEX awaited_open ON awaited (server, change_num) WHERE begun > settled;
CREATE INDEX causes_group ON causes (group_id) WHERE group_id <> '';
CREATE INDEX causes_made ON causes (made_ms);
CREATE INDEX decisions_rule ON decisions (team, rule, decided_ms);
CREATE INDEX decisions_time ON decisions (decided_ms);
CREATE INDEX events_change  ON events (change, received_ms) WHERE change <> '';
CREATE UNIQUE INDEX events_id ON events (id) WHERE state <> 'unmatched';
CREATE INDEX events_intake  ON events (received_ms, state, task_id);
CREATE INDEX events_matched ON events (received_ms, state) WHERE state <> 'unmatched';
CREATE INDEX events_open    ON events (due_ms, received_ms) WHERE state IN ('received', 'deciding');
CREATE INDEX events_task ON events (task_id, received_ms) WHERE task_id <> '' AND state <> 'unmatched';
CREATE INDEX lanes_due ON lanes (due_ms) WHERE due_ms > 0;
CREATE INDEX links_change ON links (server, change_num);
CREATE INDEX opinions_rule ON opinions (team, rule) WHERE stands = 1;
CREATE INDEX publications_hash ON publications (hash, seq);
CREATE INDEX reported_branch ON reported (server, project, branch, said_ms);
CREATE INDEX seen_changes_open ON seen_changes (server, change_num) WHERE state = 1;
CREATE INDEX seen_changes_over ON seen_changes (seen_ms) WHERE state <> 1;
CREATE INDEX task_groups_due ON task_groups (due_ms) WHERE due_ms > 0;
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000000', 'event000000000000000000000', 'gfx', 'pending', 'vote:Verified', 'vote', 'main~0', 1, 'main', 0, 2, 'abc', 'p', 'b', 'pending', 1, X'7b7d', 1, 1704067202962, 1704067199957, 1704067199961, 1704067199962, 'm1', 'because', X'7b7d', 0, '', '', 0, 1704067199961, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000001', 'event000000000000000000001', 'gfx', 'retrying', 'vote:Verified', 'vote', 'main~1', 1, 'main', 1, 2, 'abc', 'p', 'b', 'retrying', 1, X'7b7d', 1, 1704067202964, 1704067199957, 1704067199964, 1704067199965, 'm1', 'because', X'7b7d', 0, '', '', 0, 1704067199964, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000002', 'event000000000000000000002', 'gfx', 'held', 'vote:Verified', 'vote', 'main~2', 1, 'main', 2, 2, 'abc', 'p', 'b', 'held', 1, X'7b7d', 1, 1704067202975, 1704067199957, 1704067199967, 1704067199968, 'm1', 'because', X'7b7d', 0, '', '', 0, 1704067199967, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000003', 'event000000000000000000003', 'gfx', 'waiting', 'vote:Verified', 'vote', 'main~3', 1, 'main', 3, 2, 'abc', 'p', 'b', 'waiting', 1, X'7b7d', 1, 1709251199978, 1704067199957, 1704067199978, 1704067199979, 'm1', 'because', X'7b7d', 0, '', '', 0, 1704067199978, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000004', 'event000000000000000000004', 'gfx', 'dead', 'vote:Verified', 'vote', 'main~4', 1, 'main', 4, 2, 'abc', 'p', 'b', 'dead', 1, X'7b7d', 1, 1704067202982, 1704067199958, 1704067199981, 1704067199982, 'm1', 'because', X'7b7d', 1704067199982, '', '', 0, 1704067199981, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000005', 'event000000000000000000005', 'gfx', 'cancelled', 'vote:Verified', 'vote', 'main~5', 1, 'main', 5, 2, 'abc', 'p', 'b', 'cancelled', 1, X'7b7d', 1, 1704067202986, 1704067199958, 1704067199986, 1704067199987, 'm1', 'because', X'7b7d', 1704067199986, '', '', 0, 1704067199986, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000006', 'event000000000000000000006', 'gfx', 'superseded', 'vote:Verified', 'vote', 'main~6', 1, 'main', 6, 2, 'abc', 'p', 'b', 'superseded', 1, X'7b7d', 1, 1704067202988, 1704067199958, 1704067199988, 1704067199989, 'm1', 'because', X'7b7d', 1704067199988, '', '', 0, 1704067199988, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000007', 'event000000000000000000007', 'gfx', 'done', 'vote:Verified', 'vote', 'main~7', 1, 'main', 7, 2, 'abc', 'p', 'b', 'done', 1, X'7b7d', 1, 1704067202989, 1704067199958, 1704067199989, 1704067199990, 'm1', 'because', X'7b7d', 1704067199989, '', '', 0, 1704067199989, 0);
INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch, state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms, approve, approved_by, approved_ms, first_ms, said_ms) VALUES ('action00000000000000000008', 'event000000000000000000008', 'gfx', 'running', 'vote:Verified', 'vote', 'main~8', 1, 'main', 8, 2, 'abc', 'p', 'b', 'running', 1, X'7b7d', 1, 1704067199959, 1704067199959, 1704067199990, 1704067199991, 'm1', '', NULL, 0, '', '', 0, 1704067199990, 0);
INSERT INTO awaited (group_id, team, server, change_num, patchset, revision, project, branch, begun, settled) VALUES ('g', 'gfx', 'main', 7, 2, 'abc', 'p', 'b', 3, 0);
INSERT INTO begins (source, server, project, team, rule, begin_ms) VALUES ('task', '', '', 'gfx', 'r', 1704067199946);
INSERT INTO bundles (id, events, version, body) VALUES (7531829265581018666, 1, 1, X'39e00570756c73651171756575652f7461736b2d6661696c6564097072696d6172792e7800000473657431010e7b2261223a225c7530303030227d');
INSERT INTO cursors (name, value) VALUES ('gerrit/main', '2026-01-01');
INSERT INTO decisions (event_id, team, rule, set_hash, matched, shadow, stopped, explanation, facts, decided_ms, commit_id) VALUES ('event000000000000000000001', 'gfx', 'r', 'set1', 1, 0, '', X'7b7d', X'7b7d', 1704067199955, '');
INSERT INTO events (key_ms, id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms, state, set_hash, parent, body_version, body, error, attempts, due_ms, holder, lease_ms, epoch, bundle, place) VALUES (0, 'event000000000000000000001', 'pulse', 'queue/task-failed', 'primary.x', '', '', 'task1', '', 1704067199953, 1704067199953, 'decided', 'set1', '', 1, X'7b2261223a225c7530303030227d', '', 1, 0, '', 0, 1, 0, 0);
INSERT INTO events (key_ms, id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms, state, set_hash, parent, body_version, body, error, attempts, due_ms, holder, lease_ms, epoch, bundle, place) VALUES (0, 'event000000000000000000003', 'pulse', 'queue/task-failed', 'primary.x', '', '', 'task3', '', 1704067199990, 1704067199990, 'deciding', 'set1', '', 1, X'7b2261223a225c7530303030227d', '', 1, 1704067199991, 'gone', 1704067199991, 1, 0, 0);
INSERT INTO events (key_ms, id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms, state, set_hash, parent, body_version, body, error, attempts, due_ms, holder, lease_ms, epoch, bundle, place) VALUES (0, 'event000000000000000000002', 'pulse', 'queue/task-failed', 'primary.x', '', '', 'task2', '', 1704067199993, 1704067199993, 'parked', 'set1', '', 1, X'7b2261223a225c7530303030227d', '', 0, 0, '', 0, 0, 0, 0);
INSERT INTO events (key_ms, id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms, state, set_hash, parent, body_version, body, error, attempts, due_ms, holder, lease_ms, epoch, bundle, place) VALUES (0, 'event000000000000000000004', 'pulse', 'queue/task-failed', 'primary.x', '', '', 'task4', '', 1704067199993, 1704067199993, 'received', 'set1', '', 1, X'7b2261223a225c7530303030227d', '', 0, 0, '', 0, 0, 0, 0);
INSERT INTO events (key_ms, id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms, state, set_hash, parent, body_version, body, error, attempts, due_ms, holder, lease_ms, epoch, bundle, place) VALUES (0, 'event000000000000000000005', '', '', '', '', '', 'task5', '', 1704067199993, 1704067199993, 'unmatched', '', '', 0, '', '', 0, 0, '', 0, 0, 7531829265581018666, 0);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-26 21:20:31');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-26 21:20:31');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-26 21:20:31');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (4, 3, 1, '2026-11-26 21:20:31');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (5, 4, 1, '2026-11-26 21:20:31');
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'pending', 1704067199960, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'retrying', 1704067199963, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'held', 1704067199966, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'waiting', 1704067199977, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'dead', 1704067199980, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'cancelled', 1704067199985, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'superseded', 1704067199987, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'done', 1704067199988, 0);
INSERT INTO guards (team, rule, first_ms, since_ms) VALUES ('gfx', 'running', 1704067199989, 0);
INSERT INTO holds (scope, reason, held_by, since_ms) VALUES ('rule:gfx/held', 'too loud', 'ops', 1704067199949);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~0', 1704067202961, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~1', 1704067202963, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~2', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~3', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~4', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~5', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~6', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~7', 0, 2, '', 0, 1);
INSERT INTO lanes (id, due_ms, next_seq, holder, lease_ms, epoch) VALUES ('main~8', 1704067199958, 2, 'me', 1704067199990, 1);
INSERT INTO links (kind, id, server, change_num, patchset, revision, project, branch, made_by) VALUES ('task', 't', 'main', 7, 2, 'abc', '', '', 'gfx/r');
INSERT INTO opinions (server, change_num, revision, kind, target, team, rule, about, patchset, value, stands, made_ms, run, event_id, waits) VALUES ('main', 7, 'abc', 'label', 'Verified', 'gfx', 'r', 'task:build', 2, -1, 1, 1608339168458, 1, '1700000000.1.-1', 0);
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 0, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 1, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 2, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 3, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 4, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 5, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 6, 'ci');
INSERT INTO own_tags (server, change_num, tag) VALUES ('main', 7, 'ci');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 0, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 1, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 2, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 3, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 4, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 5, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 6, 'abc', 'Verified', -1, 's');
INSERT INTO posted (server, change_num, revision, label, value, signature) VALUES ('main', 7, 'abc', 'Verified', -1, 's');
INSERT INTO problems (team, name, said, remedy, since_ms, last_ms, times, told_ms, over_ms) VALUES ('gfx', 'rules', 'line 1', 'mend it', 1704067199951, 1704067199951, 1, 1704067199951, 0);
INSERT INTO publications (seq, hash, commit_id, author, subject, commit_ms, published_ms, replica, report) VALUES (1, 'set1', 'c1', '', '', 0, 1704067199938, '', X'7b7d');
INSERT INTO replicas (id, set_hash, bindings, seen_ms) VALUES ('gone', 'set1', 'exchange/x #', 1704067199949);
INSERT INTO rule_sets (hash, body, loaded_ms) VALUES ('set1', X'72756c6573', 1704067199938);
INSERT INTO rule_source (name, holder, lease_ms, epoch, due_ms, head, fetched_ms, failures, failing_ms, error, pin_seq, pin_by, pin_reason, pin_ms) VALUES ('rules', 'gone', 1704067199941, 1, 0, '', 0, 0, 0, '', 1, 'ops', 'too loud', 1704067199939);
INSERT INTO seen_changes (server, change_num, version, name, state, seen_ms, body) VALUES ('main', 7, 1, 'm', 1, 1704067199951, X'7b7d');
INSERT INTO task_groups (group_id, hash, generation, settled, stuck, since_ms, due_ms, heard, body_version, body) VALUES ('g', 'h', 3, 1, 0, 0, 0, 0, 0, '');
INSERT INTO team_files (team, hash, body, loaded_ms) VALUES ('gfx', 'f', X'66696c6573', 1704067199938);
