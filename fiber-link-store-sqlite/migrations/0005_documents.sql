-- What operators set up. An app becomes a document with the form that the core gives it; its id is its
-- name until it gets another one, and its secret is the first of several.
CREATE TABLE documents (
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    app        TEXT,
    body       TEXT NOT NULL,
    expires_at INTEGER,
    version    INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_of_app ON documents (kind, app, name);

INSERT INTO documents (kind, name, app, body, expires_at, version)
SELECT 'app', id, id, json_object(
    'name', id,
    'closed', json('false'),
    'tips_paused', json('false'),
    'withdrawals_paused', json('false'),
    'secrets', json_array(json_object(
        'number', 1,
        'sealed', 'plain:' || lower(hex(secret)),
        'since', created_at,
        'until', NULL,
        'late_uses', 0,
        'last_late_use', NULL)),
    'next_secret', 2,
    'paused_users', 0,
    'reviewed', json('false'),
    'created_at', created_at), NULL, 1
FROM apps;

DROP TABLE apps;

-- Who changed what. Numbers are never used again.
CREATE TABLE audit_records (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       BLOB NOT NULL,
    at       INTEGER NOT NULL,
    operator TEXT NOT NULL,
    origin   TEXT NOT NULL,
    action   TEXT NOT NULL,
    app      TEXT,
    subject  TEXT NOT NULL,
    before   TEXT,
    after    TEXT,
    reason   TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX audit_records_id ON audit_records (id);
CREATE INDEX audit_records_of_app ON audit_records (app, number);

CREATE TRIGGER audit_records_are_never_changed BEFORE UPDATE ON audit_records
BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;

CREATE TRIGGER audit_records_are_never_deleted BEFORE DELETE ON audit_records
BEGIN SELECT RAISE(ABORT, 'audit records are never deleted'); END;

-- A row that REPLACE displaces is deleted without its trigger.
CREATE TRIGGER audit_records_are_never_replaced BEFORE INSERT ON audit_records
WHEN EXISTS (SELECT 1 FROM audit_records WHERE number = NEW.number)
    OR EXISTS (SELECT 1 FROM audit_records WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'audit records are never replaced'); END;

-- The seed as a sealed secret, which this one is not yet.
CREATE TABLE sealed_hub (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    seed       TEXT NOT NULL,
    node       BLOB NOT NULL,
    node_since INTEGER NOT NULL,
    network    TEXT NOT NULL
) STRICT;

INSERT INTO sealed_hub (one, seed, node, node_since, network)
SELECT one, 'plain:' || lower(hex(seed)), node, node_since, network FROM hub;

DROP TABLE hub;
ALTER TABLE sealed_hub RENAME TO hub;

-- Whether the creator is not told who tips.
ALTER TABLE tips ADD COLUMN anonymous INTEGER NOT NULL DEFAULT 0;

-- What lists are led by, and what is looked for.
CREATE INDEX tips_of_post ON tips (app, post, phase, id);
CREATE INDEX withdrawals_of_user ON withdrawals (app, user, id);
CREATE INDEX withdrawals_payment_hash ON withdrawals (payment_hash, id);
-- The last characters of an invoice are its checksum.
CREATE INDEX withdrawals_invoice ON withdrawals (substr(invoice, -24), id);
CREATE INDEX entries_of_app ON entries (app);

-- Open work, counted.
CREATE INDEX withdrawals_open ON withdrawals (state, created_at) WHERE ended_at IS NULL;
