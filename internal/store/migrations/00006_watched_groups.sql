-- +goose Up
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

-- +goose Down
SELECT 'schema 5 does not look at groups by itself';
