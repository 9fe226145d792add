-- Logins: a challenge is answered once; of a session's token only the digest is kept.

CREATE TABLE login_challenge (
    nonce      text        PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_challenge_expires ON login_challenge (expires_at);

CREATE TABLE session (
    token_digest bytea       PRIMARY KEY,
    party        text        NOT NULL,
    role         text        NOT NULL,
    name         text        NOT NULL,
    holder       text        NOT NULL,
    card         text        NOT NULL,
    fingerprint  text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX session_expires ON session (expires_at);
