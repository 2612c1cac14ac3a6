-- +goose Up
-- What was last seen of a change on a Gerrit server: the next look is compared with it. A row stays while the change
-- is open, and for as long as events are kept once it is closed or gone.
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
CREATE INDEX seen_changes_over ON seen_changes (seen_ms) WHERE state <> 1;
CREATE INDEX seen_changes_open ON seen_changes (server, change_num) WHERE state = 1;

-- +goose Down
SELECT 'schema 2 does not compare changes';
