-- A rebuild fills tables of its own and puts them in place when they are whole: what is read is
-- never half of the truth, and nothing has to say so.
DO $$
BEGIN
    IF EXISTS (SELECT FROM rebuild) THEN
        RAISE EXCEPTION 'a rebuild was broken off: run the older version''s rebuild to its end first';
    END IF;
END
$$;
DROP TABLE rebuild;
