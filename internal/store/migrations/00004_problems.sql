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

-- +goose Down
SELECT 'schema 3 tells a problem whenever it meets it';
