-- +goose Up
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

-- +goose Down
SELECT 'schema 10 lets nobody speak for a patchset';
