-- +goose Up
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

-- +goose Down
SELECT 'schema 11 does not wait for reports';
