-- A proposal of 6 KB fits a page: kept in its row it costs less than cut into TOAST's pieces of 2 KB,
-- each with a row and an index entry of its own. Larger ones are cut as before.
ALTER TABLE inbox SET (toast_tuple_target = 8160);
ALTER TABLE outbox SET (toast_tuple_target = 8160);
ALTER TABLE record SET (toast_tuple_target = 8160);
