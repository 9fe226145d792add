-- the fingerprint of the card that is in the client's reader; '': none; NULL: the client never said
ALTER TABLE session ADD COLUMN present text;
