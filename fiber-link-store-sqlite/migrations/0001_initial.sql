-- Ids are 16-byte BLOBs, hashes 32-byte BLOBs, times INTEGER milliseconds since the epoch, and
-- amounts TEXT in decimal digits, because 127 bits do not fit an INTEGER.

CREATE TABLE hub (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    seed       BLOB NOT NULL,
    node       BLOB NOT NULL,
    network    TEXT NOT NULL
) STRICT;

CREATE TABLE apps (
    id         TEXT NOT NULL PRIMARY KEY,
    secret     BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `settled_number` counts the settled tips of an app in the order in which they were credited.
CREATE TABLE tips (
    id                 BLOB NOT NULL,
    app                TEXT NOT NULL,
    post               TEXT NOT NULL,
    from_user          TEXT NOT NULL,
    to_user            TEXT NOT NULL,
    asset              TEXT NOT NULL,
    amount             TEXT NOT NULL,
    message            TEXT,
    payment_hash       BLOB NOT NULL,
    created_at         INTEGER NOT NULL,
    state              TEXT NOT NULL,
    phase              TEXT NOT NULL,
    ended_at           INTEGER,
    settled_number     INTEGER,
    version            INTEGER NOT NULL,
    next_check_at      INTEGER,
    check_since        INTEGER,
    invoice_digest     INTEGER,
    invoice_expires_at INTEGER,
    invoice            TEXT
) STRICT;

CREATE UNIQUE INDEX tips_id ON tips (id);
CREATE UNIQUE INDEX tips_payment_hash ON tips (payment_hash);
CREATE INDEX tips_invoice ON tips (invoice_digest) WHERE invoice_digest IS NOT NULL;
CREATE INDEX tips_due ON tips (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE UNIQUE INDEX tips_settled ON tips (app, settled_number) WHERE settled_number IS NOT NULL;
CREATE INDEX tips_settled_at ON tips (app, ended_at, settled_number) WHERE settled_number IS NOT NULL;
CREATE INDEX tips_of_app ON tips (app, phase, id);
CREATE INDEX tips_from_user ON tips (app, from_user, id);
CREATE INDEX tips_to_user ON tips (app, to_user, phase, id);

CREATE TABLE withdrawals (
    id                 BLOB NOT NULL,
    app                TEXT NOT NULL,
    user               TEXT NOT NULL,
    asset              TEXT NOT NULL,
    amount             TEXT NOT NULL,
    fee_limit          TEXT NOT NULL,
    fee_bearer         TEXT NOT NULL,
    accepted_as        TEXT NOT NULL,
    destination        TEXT NOT NULL,
    payment_hash       BLOB NOT NULL,
    held_payment_hash  BLOB,
    invoice_expires_at INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    attempts           INTEGER NOT NULL,
    state              TEXT NOT NULL,
    attempt            BLOB,
    retry_at           INTEGER,
    failure            TEXT,
    last_error         TEXT,
    fee                TEXT,
    ended_at           INTEGER,
    version            INTEGER NOT NULL,
    next_check_at      INTEGER,
    check_since        INTEGER,
    invoice            TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX withdrawals_id ON withdrawals (id);
CREATE UNIQUE INDEX withdrawals_held_payment_hash ON withdrawals (held_payment_hash)
    WHERE held_payment_hash IS NOT NULL;
CREATE INDEX withdrawals_due ON withdrawals (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX withdrawals_of_app ON withdrawals (app, id);
CREATE INDEX withdrawals_of_app_by_state ON withdrawals (app, state, id);

CREATE TABLE attempts (
    id               BLOB NOT NULL,
    withdrawal       BLOB NOT NULL,
    payment_hash     BLOB NOT NULL,
    created_at       INTEGER NOT NULL,
    worker           BLOB NOT NULL,
    claimed_until    INTEGER NOT NULL,
    claims           INTEGER NOT NULL,
    previous_session INTEGER,
    state            TEXT NOT NULL,
    unknown_since    INTEGER,
    fee              TEXT,
    reason           TEXT,
    session          INTEGER,
    ended_at         INTEGER,
    version          INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX attempts_id ON attempts (id);
CREATE UNIQUE INDEX attempts_one_live ON attempts (withdrawal) WHERE state IN ('sent', 'unknown');
CREATE INDEX attempts_of_withdrawal ON attempts (withdrawal, id);
CREATE INDEX attempts_by_end ON attempts (state, ended_at, id);

-- The ledger. `available` and `reserved` belong to the user named in the row, `fiber` and
-- `fees_paid` to the hub.
CREATE TABLE entries (
    number       INTEGER PRIMARY KEY,
    source_kind  TEXT NOT NULL,
    source       BLOB NOT NULL,
    kind         TEXT NOT NULL,
    app          TEXT NOT NULL,
    user         TEXT NOT NULL,
    asset        TEXT NOT NULL,
    amount       TEXT NOT NULL,
    from_account TEXT NOT NULL,
    to_account   TEXT NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX entries_once ON entries (source, source_kind, kind);
CREATE INDEX entries_of_account ON entries (app, user, asset);

CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;

CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;

-- A row that REPLACE displaces is deleted without its trigger.
CREATE TRIGGER entries_are_never_replaced BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE number = NEW.number)
    OR EXISTS (SELECT 1 FROM entries
        WHERE source = NEW.source AND source_kind = NEW.source_kind AND kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'entries are never replaced'); END;

CREATE TABLE balances (
    app       TEXT NOT NULL,
    user      TEXT NOT NULL,
    asset     TEXT NOT NULL,
    available TEXT NOT NULL,
    reserved  TEXT NOT NULL,
    PRIMARY KEY (app, user, asset)
) STRICT, WITHOUT ROWID;

-- `user` is empty where the whole app is counted.
CREATE TABLE limits (
    app     TEXT NOT NULL,
    user    TEXT NOT NULL,
    asset   TEXT NOT NULL,
    counter TEXT NOT NULL,
    PRIMARY KEY (app, user, asset)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    app          TEXT NOT NULL,
    method       TEXT NOT NULL,
    key          TEXT NOT NULL,
    digest       BLOB NOT NULL,
    subject_kind TEXT NOT NULL,
    subject      BLOB NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (app, method, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE events (
    app     TEXT NOT NULL,
    number  INTEGER NOT NULL,
    id      BLOB NOT NULL,
    kind    TEXT NOT NULL,
    subject BLOB NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (app, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_id ON events (id);
