-- What every service keeps. Times are UTC; `body` and `headers` are the bytes that travelled.

CREATE TABLE record (
    type       text        NOT NULL,
    id         text        NOT NULL,
    version    integer     NOT NULL CHECK (version > 0),
    status     text        NOT NULL,
    owner      text        NOT NULL,
    body       jsonb       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (type, id)
);

-- Every message that took effect: drops repetitions, and is the evidence of what was accepted.
CREATE TABLE inbox (
    source      text        NOT NULL,
    message_id  uuid        NOT NULL,
    digest      bytea       NOT NULL,
    ce_type     text        NOT NULL,
    subject     text        NOT NULL,
    signer      text        NOT NULL,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    "offset"    bigint      NOT NULL,
    stamped_at  timestamptz NOT NULL,
    key         bytea,
    headers     bytea       NOT NULL,
    body        bytea       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, message_id)
);
ALTER TABLE inbox ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX inbox_subject ON inbox (subject);

-- Messages not published yet, in the order of their commits; the relay deletes what is out.
CREATE TABLE outbox (
    seq        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text        NOT NULL,
    key        bytea,
    headers    bytea       NOT NULL,
    body       bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE timer (
    type   text        NOT NULL,
    id     text        NOT NULL,
    name   text        NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (type, id, name)
);
CREATE INDEX timer_due ON timer (due_at);

-- Messages that came before what they need; the message itself is in the inbox.
CREATE TABLE deferral (
    source     text        NOT NULL,
    message_id uuid        NOT NULL,
    first_at   timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer     NOT NULL,
    reason     text        NOT NULL,
    PRIMARY KEY (source, message_id),
    FOREIGN KEY (source, message_id) REFERENCES inbox ON DELETE CASCADE
);
CREATE INDEX deferral_due ON deferral (due_at);

CREATE TABLE dead_letter (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text        NOT NULL,
    partition  integer     NOT NULL,
    "offset"   bigint      NOT NULL,
    stamped_at timestamptz NOT NULL,
    key        bytea,
    headers    bytea       NOT NULL,
    body       bytea       NOT NULL,
    reason     text        NOT NULL,
    detail     text        NOT NULL,
    errors     jsonb       NOT NULL,
    sender     text,
    message_id uuid,
    ce_type    text,
    created_at timestamptz NOT NULL DEFAULT now(),
    retried_at timestamptz,
    UNIQUE (topic, partition, "offset")
);
ALTER TABLE dead_letter ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX dead_letter_reason ON dead_letter (reason, id);
