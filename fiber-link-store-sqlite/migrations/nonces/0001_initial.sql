CREATE TABLE memory (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    boot          TEXT NOT NULL,
    refuse_before INTEGER NOT NULL
) STRICT;

CREATE TABLE nonces (
    nonce      BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX nonces_expiry ON nonces (expires_at);

CREATE TABLE rates (
    app          TEXT NOT NULL,
    method       TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    PRIMARY KEY (app, method)
) STRICT, WITHOUT ROWID;
