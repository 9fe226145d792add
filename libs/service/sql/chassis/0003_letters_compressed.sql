-- The largest letters are the reason: 10 MB of one written whole, to the log and again to the
-- table, takes the disk longer than hundreds of good messages. What does not shrink stays as it is.
ALTER TABLE dead_letter ALTER COLUMN body SET STORAGE EXTENDED;
