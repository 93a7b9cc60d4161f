-- Everything stands in one schema, which is named where this is run: {schema}.
-- Hashes are bytea of 32 bytes, times timestamptz in whole milliseconds, names are compared byte by byte.

CREATE DOMAIN {schema}.amount AS numeric(39, 0)
    CHECK (VALUE BETWEEN 0 AND 170141183460469231731687303715884105727);

CREATE TABLE {schema}.hub (
    one        boolean PRIMARY KEY,
    seed       text NOT NULL,
    node       bytea NOT NULL,
    node_since timestamptz NOT NULL,
    network    text NOT NULL
);

-- What operators set up, in a form that only the core knows.
CREATE TABLE {schema}.documents (
    kind       text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    app        text COLLATE "C",
    body       text NOT NULL,
    expires_at timestamptz,
    version    bigint NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE INDEX documents_of_app ON {schema}.documents (kind, app, name);

CREATE TABLE {schema}.tips (
    id                 uuid PRIMARY KEY,
    app                text COLLATE "C" NOT NULL,
    post               text COLLATE "C" NOT NULL,
    from_user          text COLLATE "C" NOT NULL,
    to_user            text COLLATE "C" NOT NULL,
    asset              text COLLATE "C" NOT NULL,
    amount             {schema}.amount NOT NULL,
    message            text,
    anonymous          boolean NOT NULL,
    payment_hash       bytea NOT NULL,
    created_at         timestamptz NOT NULL,
    state              text NOT NULL,
    phase              text NOT NULL,
    ended_at           timestamptz,
    version            bigint NOT NULL,
    next_check_at      timestamptz,
    check_since        timestamptz,
    invoice_expires_at timestamptz,
    invoice            text
);

CREATE UNIQUE INDEX tips_payment_hash ON {schema}.tips (payment_hash);
-- An invoice may be longer than a row of another kind of index.
CREATE INDEX tips_invoice ON {schema}.tips USING hash (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX tips_due ON {schema}.tips (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX tips_of_app ON {schema}.tips (app, phase, id);
CREATE INDEX tips_from_user ON {schema}.tips (app, from_user, id);
CREATE INDEX tips_to_user ON {schema}.tips (app, to_user, phase, id);
CREATE INDEX tips_of_post ON {schema}.tips (app, post, phase, id);

-- The settled tips of an app in the order in which readers see them: `number` is 1, 2, 3, … and is
-- missing until the commit was numbered. `place` is the order of insertion.
CREATE TABLE {schema}.settled_tips (
    tip    uuid PRIMARY KEY,
    app    text COLLATE "C" NOT NULL,
    at     timestamptz NOT NULL,
    place  bigint GENERATED ALWAYS AS IDENTITY,
    number bigint
);

CREATE UNIQUE INDEX settled_tips_number ON {schema}.settled_tips (app, number) WHERE number IS NOT NULL;
CREATE INDEX settled_tips_at ON {schema}.settled_tips (app, at, number) WHERE number IS NOT NULL;
CREATE INDEX settled_tips_unnumbered ON {schema}.settled_tips (app, place) WHERE number IS NULL;

CREATE TABLE {schema}.withdrawals (
    id                 uuid PRIMARY KEY,
    app                text COLLATE "C" NOT NULL,
    "user"             text COLLATE "C" NOT NULL,
    asset              text COLLATE "C" NOT NULL,
    amount             {schema}.amount NOT NULL,
    fee_limit          {schema}.amount NOT NULL,
    fee_bearer         text NOT NULL,
    accepted_as        text NOT NULL,
    destination        text NOT NULL,
    payment_hash       bytea NOT NULL,
    held_payment_hash  bytea,
    invoice_expires_at timestamptz NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    attempts           bigint NOT NULL,
    state              text NOT NULL,
    attempt            uuid,
    retry_at           timestamptz,
    failure            text,
    last_error         text,
    fee                {schema}.amount,
    ended_at           timestamptz,
    version            bigint NOT NULL,
    next_check_at      timestamptz,
    check_since        timestamptz,
    invoice            text NOT NULL
);

CREATE UNIQUE INDEX withdrawals_held_payment_hash ON {schema}.withdrawals (held_payment_hash)
    WHERE held_payment_hash IS NOT NULL;
CREATE INDEX withdrawals_due ON {schema}.withdrawals (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX withdrawals_of_app ON {schema}.withdrawals (app, id);
CREATE INDEX withdrawals_of_app_by_state ON {schema}.withdrawals (app, state, id);
CREATE INDEX withdrawals_of_user ON {schema}.withdrawals (app, "user", id);
CREATE INDEX withdrawals_open ON {schema}.withdrawals (state, created_at) WHERE ended_at IS NULL;
CREATE INDEX withdrawals_payment_hash ON {schema}.withdrawals (payment_hash, id);
CREATE INDEX withdrawals_invoice ON {schema}.withdrawals USING hash (invoice);

CREATE TABLE {schema}.attempts (
    id               uuid PRIMARY KEY,
    withdrawal       uuid NOT NULL,
    payment_hash     bytea NOT NULL,
    created_at       timestamptz NOT NULL,
    worker           uuid NOT NULL,
    claimed_until    timestamptz NOT NULL,
    claims           bigint NOT NULL,
    previous_session timestamptz,
    state            text NOT NULL,
    unknown_since    timestamptz,
    fee              {schema}.amount,
    reason           text,
    session          timestamptz,
    ended_at         timestamptz,
    version          bigint NOT NULL
);

CREATE UNIQUE INDEX attempts_one_live ON {schema}.attempts (withdrawal) WHERE state IN ('sent', 'unknown');
CREATE INDEX attempts_of_withdrawal ON {schema}.attempts (withdrawal, id);
CREATE INDEX attempts_succeeded ON {schema}.attempts (id) WHERE state = 'succeeded';
CREATE INDEX attempts_claimed ON {schema}.attempts (worker) WHERE state IN ('sent', 'unknown');

-- The runs of processes that work here. Who was declared dead, at `dead_at`, stays dead.
CREATE TABLE {schema}.workers (
    id       uuid PRIMARY KEY,
    label    text NOT NULL,
    since    timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    dead_at  timestamptz,
    version  bigint NOT NULL
);

-- The ledger. `available` and `reserved` belong to the user named in the row, `fiber` and
-- `fees_paid` to the hub. The number is drawn under the lock of the user's balance, so the numbers
-- of one account rise in the order of its commits; those of different accounts need not.
CREATE TABLE {schema}.entries (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_kind  text NOT NULL,
    source       uuid NOT NULL,
    kind         text NOT NULL,
    app          text COLLATE "C" NOT NULL,
    "user"       text COLLATE "C" NOT NULL,
    asset        text COLLATE "C" NOT NULL,
    amount       {schema}.amount NOT NULL,
    from_account text NOT NULL,
    to_account   text NOT NULL,
    at           timestamptz NOT NULL
);

CREATE UNIQUE INDEX entries_once ON {schema}.entries (source, source_kind, kind);
CREATE INDEX entries_of_account ON {schema}.entries (app, "user", asset, number);
CREATE INDEX entries_of_app ON {schema}.entries (app, number);

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are never changed or deleted', replace(TG_TABLE_NAME, '_', ' ')
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE ON {schema}.entries
    FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER entries_are_never_truncated BEFORE TRUNCATE ON {schema}.entries
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
-- Also in sessions that apply what was replicated, or say that they do.
ALTER TABLE {schema}.entries ENABLE ALWAYS TRIGGER entries_are_never_changed;
ALTER TABLE {schema}.entries ENABLE ALWAYS TRIGGER entries_are_never_truncated;

-- Who changed what. Numbers rise with gaps, and one may be committed after a greater one.
CREATE TABLE {schema}.audit_records (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       uuid NOT NULL,
    at       timestamptz NOT NULL,
    operator text NOT NULL,
    origin   text NOT NULL,
    action   text NOT NULL,
    app      text COLLATE "C",
    subject  text NOT NULL,
    before   text,
    after    text,
    reason   text NOT NULL
);

CREATE UNIQUE INDEX audit_records_id ON {schema}.audit_records (id);
CREATE INDEX audit_records_of_app ON {schema}.audit_records (app, number);

CREATE TRIGGER audit_records_are_never_changed BEFORE UPDATE OR DELETE ON {schema}.audit_records
    FOR EACH ROW EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER audit_records_are_never_truncated BEFORE TRUNCATE ON {schema}.audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
ALTER TABLE {schema}.audit_records ENABLE ALWAYS TRIGGER audit_records_are_never_changed;
ALTER TABLE {schema}.audit_records ENABLE ALWAYS TRIGGER audit_records_are_never_truncated;

-- Rows are updated in place as long as their page has room.
CREATE TABLE {schema}.balances (
    app       text COLLATE "C" NOT NULL,
    "user"    text COLLATE "C" NOT NULL,
    asset     text COLLATE "C" NOT NULL,
    available {schema}.amount NOT NULL,
    reserved  {schema}.amount NOT NULL,
    PRIMARY KEY (app, "user", asset)
) WITH (fillfactor = 70);

-- `user` is empty where the whole app is counted. What was requested in the clock hour `hours[n]`
-- since the epoch is `amounts[n]`.
CREATE TABLE {schema}.limits (
    app          text COLLATE "C" NOT NULL,
    "user"       text COLLATE "C" NOT NULL,
    asset        text COLLATE "C" NOT NULL,
    last_request timestamptz,
    hours        bigint[] NOT NULL,
    amounts      numeric[] NOT NULL,
    PRIMARY KEY (app, "user", asset)
) WITH (fillfactor = 70);

CREATE TABLE {schema}.idempotency (
    app          text COLLATE "C" NOT NULL,
    method       text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    digest       bytea NOT NULL,
    subject_kind text NOT NULL,
    subject      uuid NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (app, method, key)
);

CREATE INDEX idempotency_expiry ON {schema}.idempotency (expires_at);

-- As with settled tips: `number` is missing until the commit was numbered.
CREATE TABLE {schema}.events (
    id      uuid PRIMARY KEY,
    app     text COLLATE "C" NOT NULL,
    kind    text NOT NULL,
    subject uuid NOT NULL,
    at      timestamptz NOT NULL,
    place   bigint GENERATED ALWAYS AS IDENTITY,
    number  bigint
);

CREATE UNIQUE INDEX events_number ON {schema}.events (app, number) WHERE number IS NOT NULL;
CREATE INDEX events_unnumbered ON {schema}.events (app, place) WHERE number IS NULL;

-- Nonces and rate counts are many and short-lived. They are not logged: a request costs no sync of
-- the disk, and a crash of the server empties all three tables at once. `nonce_memory` says since
-- when nonces are remembered; where it is empty, the memory begins anew.
CREATE UNLOGGED TABLE {schema}.nonces (
    nonce      bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

CREATE INDEX nonces_expiry ON {schema}.nonces (expires_at);

CREATE UNLOGGED TABLE {schema}.rates (
    app          text COLLATE "C" NOT NULL,
    method       text COLLATE "C" NOT NULL,
    window_start timestamptz NOT NULL,
    requests     bigint NOT NULL,
    PRIMARY KEY (app, method)
) WITH (fillfactor = 50);

CREATE UNLOGGED TABLE {schema}.nonce_memory (
    one    boolean PRIMARY KEY,
    begins timestamptz NOT NULL
);

-- Nothing was signed for a store that did not exist.
INSERT INTO {schema}.nonce_memory VALUES (true, 'epoch');
