-- Large letters come compressed: PostgreSQL took four times as long for it, in the one process that
-- all others' statements wait for, and the whole body had to get there first.
ALTER TABLE dead_letter ADD COLUMN packed boolean NOT NULL DEFAULT false;
ALTER TABLE dead_letter ALTER COLUMN body SET STORAGE EXTERNAL;
