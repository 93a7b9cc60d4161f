-- The runs of processes that work here. Who was declared dead, at `dead_at`, stays dead.
CREATE TABLE {schema}.workers (
    id       uuid PRIMARY KEY,
    label    text NOT NULL,
    since    timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    dead_at  timestamptz,
    version  bigint NOT NULL
);

CREATE INDEX attempts_claimed ON {schema}.attempts (worker) WHERE state IN ('sent', 'unknown');

-- A worker says that it lives beside the claims that it is making; the word that it is dead waits for
-- them, and they for it: a claim locks the key of its worker's row.
CREATE FUNCTION {schema}.update_worker(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.workers := jsonb_populate_record(NULL::{schema}.workers, change);
BEGIN
    IF next.dead_at IS NOT NULL THEN
        PERFORM 1 FROM {schema}.workers WHERE id = next.id FOR UPDATE;
    END IF;
    UPDATE {schema}.workers SET version = version + 1, label = next.label, since = next.since,
        heard_at = next.heard_at, dead_at = next.dead_at
    WHERE id = next.id AND version = expected AND dead_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the worker is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- The row is locked before its claims are looked for: what was claimed under it can be seen then.
CREATE FUNCTION {schema}.remove_worker(removed uuid, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM {schema}.workers WHERE id = removed FOR UPDATE;
    DELETE FROM {schema}.workers WHERE id = removed AND version = expected
        AND NOT EXISTS (SELECT 1 FROM {schema}.attempts
            WHERE worker = removed AND state IN ('sent', 'unknown'));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the worker is not at its expected version, or claims something'
            USING ERRCODE = 'FL001';
    END IF;
END $$;

-- FL005: the worker was declared dead, or is not there.
CREATE FUNCTION {schema}.require_worker(required uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM {schema}.workers WHERE id = required AND dead_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the worker was declared dead' USING ERRCODE = 'FL005';
    END IF;
END $$;

-- As before, and with what concerns workers.
CREATE OR REPLACE FUNCTION {schema}.commit_ops(ops jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    op jsonb;
    change jsonb;
BEGIN
    -- What was answered is durable, whatever the database does elsewhere.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    FOR op IN SELECT value FROM jsonb_array_elements(ops) LOOP
        change := op->'record';
        CASE op->>'op'
        WHEN 'create_tip' THEN
            INSERT INTO {schema}.tips SELECT * FROM jsonb_populate_record(NULL::{schema}.tips, change);
        WHEN 'update_tip' THEN
            PERFORM {schema}.update_tip(change, (op->>'expected')::bigint);
        WHEN 'create_withdrawal' THEN
            INSERT INTO {schema}.withdrawals
                SELECT * FROM jsonb_populate_record(NULL::{schema}.withdrawals, change);
        WHEN 'update_withdrawal' THEN
            PERFORM {schema}.update_withdrawal(change, (op->>'expected')::bigint);
        WHEN 'create_attempt' THEN
            INSERT INTO {schema}.attempts
                SELECT * FROM jsonb_populate_record(NULL::{schema}.attempts, change);
        WHEN 'update_attempt' THEN
            PERFORM {schema}.update_attempt(change, (op->>'expected')::bigint);
        WHEN 'create_app' THEN
            INSERT INTO {schema}.apps SELECT * FROM jsonb_populate_record(NULL::{schema}.apps, change);
        WHEN 'create_hub' THEN
            INSERT INTO {schema}.hub SELECT * FROM jsonb_populate_record(NULL::{schema}.hub, change);
        WHEN 'accept_node' THEN
            PERFORM {schema}.accept_node(change);
        WHEN 'create_worker' THEN
            INSERT INTO {schema}.workers SELECT * FROM jsonb_populate_record(NULL::{schema}.workers, change);
        WHEN 'update_worker' THEN
            PERFORM {schema}.update_worker(change, (op->>'expected')::bigint);
        WHEN 'remove_worker' THEN
            PERFORM {schema}.remove_worker((change->>'id')::uuid, (op->>'expected')::bigint);
        WHEN 'require_worker' THEN
            PERFORM {schema}.require_worker((change->>'id')::uuid);
        WHEN 'count_towards_limit' THEN
            PERFORM {schema}.count_towards_limit(change);
        WHEN 'give_back_to_limit' THEN
            PERFORM {schema}.give_back_to_limit(change);
        WHEN 'post' THEN
            PERFORM {schema}.post(change);
        WHEN 'remember' THEN
            PERFORM {schema}.remember(change, (op->>'now')::timestamptz);
        WHEN 'emit' THEN
            PERFORM {schema}.emit(change);
        WHEN 'settle' THEN
            PERFORM {schema}.settle(change);
        END CASE;
    END LOOP;
END $$;
