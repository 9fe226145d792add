-- Messages of this service's own that it may have to send again, byte for byte.
CREATE TABLE sent (
    message_id uuid        PRIMARY KEY,
    topic      text        NOT NULL,
    key        bytea,
    headers    bytea       NOT NULL,
    body       bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE sent ALTER COLUMN body SET STORAGE EXTERNAL;
