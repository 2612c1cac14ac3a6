-- +goose Up
-- How rules were called before, as the rule files in force say.
CREATE TABLE renames (
  team TEXT NOT NULL,
  was  TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (team, was)
);

-- +goose Down
SELECT 'schema 8 takes a renamed rule for another one';
