-- What every row here says came from an event; nothing is decided here and everything can be
-- dropped and read again from the event topics.

-- One row a move: what a document was from then on. `form` only when that move changed it.
CREATE TABLE document_version (
    kind     text NOT NULL,
    id       text NOT NULL,
    sequence integer NOT NULL CHECK (sequence >= 1),
    at       timestamptz NOT NULL,
    status   text NOT NULL,
    status_name text NOT NULL,
    owner    text NOT NULL,
    form     jsonb,
    parts    jsonb NOT NULL,
    PRIMARY KEY (kind, id, sequence)
);

-- 状态记录. Its primary key is guarded by document_version, which is not partitioned.
CREATE TABLE status_record (
    kind     text NOT NULL,
    id       text NOT NULL,
    sequence integer NOT NULL,
    at       timestamptz NOT NULL,
    owner    text NOT NULL,
    action   text NOT NULL,
    from_status text,
    status   text NOT NULL,
    status_name text NOT NULL,
    note     text NOT NULL,
    reason_code text,
    role     text NOT NULL,
    actor    text NOT NULL,
    cause_id uuid NOT NULL,
    cause_kind text NOT NULL,
    cause_signer text NOT NULL,
    cause_digest text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (kind, id, sequence, at)
) PARTITION BY RANGE (at);
CREATE INDEX status_record_cause ON status_record (cause_id);

-- The latest of each document, with a column for each thing that can be searched for.
CREATE TABLE document (
    kind     text NOT NULL,
    id       text NOT NULL,
    sequence integer NOT NULL,
    status   text NOT NULL,
    status_name text NOT NULL,
    owner    text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    form     jsonb,
    parts    jsonb NOT NULL,
    insurer  text GENERATED ALWAYS AS (coalesce(
        parts #>> '{facts,insurer}', form #>> '{header,insurer}', form ->> 'insurer'
    )) STORED,
    bank     text GENERATED ALWAYS AS (coalesce(
        parts #>> '{facts,bank}', form ->> 'bank'
    )) STORED,
    product  text GENERATED ALWAYS AS (form #>> '{header,productCode}') STORED,
    agreement_no text GENERATED ALWAYS AS (coalesce(
        form #>> '{header,agreementNo}', form #>> '{holder,agreementNo}',
        parts #>> '{draft,holder,agreementNo}', form ->> 'agreementNo',
        parts #>> '{facts,agreementNo}'
    )) STORED,
    policy_no text GENERATED ALWAYS AS (coalesce(
        form ->> 'policyNo', substring(parts #>> '{facts,policyId}' FROM '\.(.*)$')
    )) STORED,
    proposals jsonb GENERATED ALWAYS AS (coalesce(
        form -> 'proposalId', jsonb_path_query_array(form, '$.items[*].proposalId')
    )) STORED,
    PRIMARY KEY (kind, id)
);
CREATE INDEX document_latest ON document (owner, kind, opened_at DESC, id DESC);
CREATE INDEX document_insurer ON document (owner, kind, insurer, opened_at DESC);
CREATE INDEX document_status ON document (owner, kind, status, opened_at DESC);
CREATE INDEX document_agreement ON document (owner, kind, agreement_no);
CREATE INDEX document_policy ON document (owner, kind, policy_no);
CREATE INDEX document_proposals ON document USING gin (proposals);

-- What became of commands that were refused. Message ids are the sender's own choice.
CREATE TABLE rejection (
    owner    text NOT NULL,
    command_id uuid NOT NULL,
    command  text NOT NULL,
    kind     text,
    id       text NOT NULL,
    reason_code text NOT NULL,
    reason_text text NOT NULL,
    reason_text_en text NOT NULL,
    service  text NOT NULL,
    at       timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (owner, command_id)
);

-- The order in which changes were seen, for streams. Positions are given under a lock, so that a
-- reader who has seen one has seen all before it. A rebuild leaves this table as it is: readers
-- keep their places.
CREATE TABLE change (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    owner    text NOT NULL,
    body     jsonb NOT NULL
);
CREATE INDEX change_owner ON change (owner, position);

-- While it holds a row, the tables above are being read again and are not complete.
CREATE TABLE rebuild (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    started_at timestamptz NOT NULL DEFAULT now()
);
