-- +goose Up
-- Most of what is heard no rule looks at: what these messages say is kept by the batch, compressed, and their rows in
-- events are short: source, type, keys and body are in the bundle, at the row's place in it.
CREATE TABLE bundles (
  id      BIGINT PRIMARY KEY,          -- the time of intake in milliseconds, with 22 random bits below
  events  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body    BYTEA NOT NULL
);
ALTER TABLE events ADD COLUMN bundle BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN place  INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'schema 1 does not know where the bodies are';
