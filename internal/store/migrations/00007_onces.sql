-- +goose Up
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

-- +goose Down
SELECT 'schema 6 remembers nothing that was done once';
