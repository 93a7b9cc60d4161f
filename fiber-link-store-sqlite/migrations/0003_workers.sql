-- The runs of processes that work here. Who was declared dead, at `dead_at`, stays dead.
CREATE TABLE workers (
    id       BLOB NOT NULL PRIMARY KEY,
    label    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    dead_at  INTEGER,
    version  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_claimed ON attempts (worker) WHERE state IN ('sent', 'unknown');
