-- +goose Up
-- An action may have to be approved by somebody; who did stays with it. Of one that waits, due_ms is when that ends.
ALTER TABLE actions ADD COLUMN approve     TEXT NOT NULL DEFAULT '';   -- operators; '': nobody has to
ALTER TABLE actions ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN approved_ms BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'schema 4 knows nobody who approves';
