-- A unit of work is one call of `commit_ops`, and so one statement and one transaction: it is
-- applied whole or not at all, in one round trip, and nobody ever holds a transaction open.
--
-- Locks are taken in the order of the ops, which the caller has sorted: documents by key, records by
-- kind and id, limits, balances by account, then what is only ever inserted. The sequencers come last, and a
-- unit never waits for one.
--
-- What refuses a unit is told by its SQLSTATE: FL001 a record is not at its expected version,
-- FL002 a balance would leave its range, FL003 a limit refuses, FL004 an idempotency key is in use,
-- FL005 the worker was declared dead or is not on the list, FL006 an account has no room, and unique_violation by the name of the key.

CREATE FUNCTION {schema}.accept_node(accepted jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.hub := jsonb_populate_record(NULL::{schema}.hub, accepted);
BEGIN
    UPDATE {schema}.hub SET node = next.node, node_since = next.node_since WHERE one;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no hub' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- A group of units, see `commit_together`, has waited for several others, one after the other.
CREATE FUNCTION {schema}.give_up_group() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the group takes too long' USING ERRCODE = 'lock_not_available';
END $$;

CREATE FUNCTION {schema}.seal_seed(change jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE {schema}.hub SET seed = change->>'next' WHERE one AND seed = change->>'expected';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the seed is not sealed as expected' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- What locks a document that is not there, or may not be: whoever creates it, and whoever requires that
-- nobody does, wait for each other.
CREATE FUNCTION {schema}.document_lock(change jsonb) RETURNS bigint LANGUAGE sql AS $$
    SELECT hashtextextended('{schema}/document/' || (change->>'kind') || '/' || (change->>'name'), 0)
$$;

CREATE FUNCTION {schema}.create_document(change jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({schema}.document_lock(change));
    INSERT INTO {schema}.documents SELECT * FROM jsonb_populate_record(NULL::{schema}.documents, change);
END $$;

CREATE FUNCTION {schema}.update_document(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.documents := jsonb_populate_record(NULL::{schema}.documents, change);
BEGIN
    UPDATE {schema}.documents SET version = version + 1, app = next.app, body = next.body,
        expires_at = next.expires_at
    WHERE kind = next.kind AND name = next.name AND version = expected;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the document is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

CREATE FUNCTION {schema}.remove_document(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {schema}.documents
        WHERE kind = change->>'kind' AND name = change->>'name' AND version = expected;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the document is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- What is required stays as it is until the unit is committed: a lock of the key alone would let the
-- rest of the row be changed. Units that require the same do not wait for each other.
CREATE FUNCTION {schema}.require_document(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_version bigint;
BEGIN
    IF expected IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared({schema}.document_lock(change));
    END IF;
    SELECT version INTO found_version FROM {schema}.documents
        WHERE kind = change->>'kind' AND name = change->>'name' FOR SHARE;
    IF found_version IS DISTINCT FROM expected THEN
        RAISE EXCEPTION 'the document is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- One after the other: their rows are locked in the order in which they stand here. `version` is the
-- one that is expected.
CREATE FUNCTION {schema}.update_tips(changes jsonb, group_ends timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.tips;
BEGIN
    FOR next IN SELECT * FROM jsonb_populate_recordset(NULL::{schema}.tips, changes) LOOP
        IF clock_timestamp() > group_ends THEN
            PERFORM {schema}.give_up_group();
        END IF;
        UPDATE {schema}.tips SET version = version + 1, state = next.state, phase = next.phase,
            ended_at = next.ended_at, invoice_expires_at = next.invoice_expires_at, invoice = next.invoice,
            next_check_at = next.next_check_at, check_since = next.check_since
        WHERE id = next.id AND version = next.version;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the tip is not at its expected version' USING ERRCODE = 'FL001';
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION {schema}.update_withdrawal(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.withdrawals := jsonb_populate_record(NULL::{schema}.withdrawals, change);
BEGIN
    UPDATE {schema}.withdrawals SET version = version + 1, held_payment_hash = next.held_payment_hash,
        updated_at = next.updated_at, attempts = next.attempts, state = next.state, attempt = next.attempt,
        retry_at = next.retry_at, failure = next.failure, last_error = next.last_error, fee = next.fee,
        ended_at = next.ended_at, next_check_at = next.next_check_at, check_since = next.check_since
    WHERE id = next.id AND version = expected;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the withdrawal is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

CREATE FUNCTION {schema}.update_attempt(change jsonb, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.attempts := jsonb_populate_record(NULL::{schema}.attempts, change);
BEGIN
    UPDATE {schema}.attempts SET version = version + 1, worker = next.worker,
        claimed_until = next.claimed_until, claims = next.claims, state = next.state,
        unknown_since = next.unknown_since, fee = next.fee, reason = next.reason, session = next.session,
        ended_at = next.ended_at
    WHERE id = next.id AND version = expected;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the attempt is not at its expected version' USING ERRCODE = 'FL001';
    END IF;
END $$;

-- The rule is `LimitCounter::count` of the core: a cooldown, then a ceiling over the clock hours of
-- which any moment lies within the last 24 hours. A refusal tells the number of the op, and what the
-- day would come to or when the next request is allowed, in milliseconds since the epoch.
CREATE FUNCTION {schema}.count_towards_limit(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    most CONSTANT numeric := 170141183460469231731687303715884105727;
    present CONSTANT bigint := (request->>'now')::bigint;
    requested CONSTANT numeric := (request->>'amount')::numeric;
    present_hour CONSTANT bigint := present / 3600000;
    allowed_at bigint;
    counter {schema}.limits;
    counted_hours bigint[];
    counted_amounts numeric[];
    total numeric;
    place integer;
BEGIN
    INSERT INTO {schema}.limits (app, "user", asset, hours, amounts)
        VALUES (request->>'app', request->>'user', request->>'asset', '{}', '{}') ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT counter FROM {schema}.limits
        WHERE app = request->>'app' AND "user" = request->>'user' AND asset = request->>'asset' FOR UPDATE;

    allowed_at := (extract(epoch FROM counter.last_request) * 1000)::bigint + (request->>'cooldown')::bigint;
    IF (request->>'cooldown')::bigint > 0 AND present < allowed_at THEN
        RAISE EXCEPTION 'the last request was too recent'
            USING ERRCODE = 'FL003', DETAIL = format('cooldown %s %s', request->>'place', allowed_at);
    END IF;

    SELECT coalesce(array_agg(counted.hour), '{}'), coalesce(array_agg(counted.amount), '{}'),
            least(coalesce(sum(counted.amount), 0) + requested, most)
        INTO counted_hours, counted_amounts, total
        FROM unnest(counter.hours, counter.amounts) AS counted (hour, amount)
        WHERE (counted.hour + 1) * 3600000 > greatest(present - 86400000, 0);
    IF total > (request->>'ceiling')::numeric THEN
        RAISE EXCEPTION 'the rolling day would pass its ceiling'
            USING ERRCODE = 'FL003', DETAIL = format('ceiling %s %s', request->>'place', total);
    END IF;

    place := array_position(counted_hours, present_hour);
    IF place IS NULL THEN
        counted_hours := counted_hours || present_hour;
        counted_amounts := counted_amounts || requested;
    ELSE
        counted_amounts[place] := least(counted_amounts[place] + requested, most);
    END IF;
    UPDATE {schema}.limits SET hours = counted_hours, amounts = counted_amounts,
        last_request = greatest(last_request, (request->>'at')::timestamptz)
        WHERE app = counter.app AND "user" = counter."user" AND asset = counter.asset;
END $$;

CREATE FUNCTION {schema}.give_back_to_limit(gift jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    requested_hour CONSTANT bigint := (gift->>'requested_at')::bigint / 3600000;
    counter {schema}.limits;
    counted_hours bigint[];
    counted_amounts numeric[];
BEGIN
    SELECT * INTO counter FROM {schema}.limits
        WHERE app = gift->>'app' AND "user" = gift->>'user' AND asset = gift->>'asset' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(counted.hour), '{}'), coalesce(array_agg(counted.amount), '{}')
        INTO counted_hours, counted_amounts
        FROM (SELECT hour, CASE WHEN hour = requested_hour
                THEN greatest(amount - (gift->>'amount')::numeric, 0) ELSE amount END AS amount
            FROM unnest(counter.hours, counter.amounts) AS before (hour, amount)) AS counted
        WHERE counted.amount > 0;
    UPDATE {schema}.limits SET hours = counted_hours, amounts = counted_amounts
        WHERE app = counter.app AND "user" = counter."user" AND asset = counter.asset;
END $$;

-- Locks the balance of an account; one that is not there yet is made.
CREATE FUNCTION {schema}.lock_balance(account_app text, account_user text, account_asset text)
RETURNS {schema}.balances LANGUAGE plpgsql AS $$
DECLARE
    balance {schema}.balances;
BEGIN
    SELECT * INTO balance FROM {schema}.balances
        WHERE app = account_app AND "user" = account_user AND asset = account_asset FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO {schema}.balances VALUES (account_app, account_user, account_asset, 0, 0)
            ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT balance FROM {schema}.balances
            WHERE app = account_app AND "user" = account_user AND asset = account_asset FOR UPDATE;
    END IF;
    RETURN balance;
END $$;

-- The balance is locked before the tips are looked at: whoever waited for it sees the tips of who held it.
CREATE FUNCTION {schema}.require_room(required jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    balance {schema}.balances :=
        {schema}.lock_balance(required->>'app', required->>'user', required->>'asset');
    counted bigint;
    may_come numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount) FILTER (WHERE asset = balance.asset), 0) INTO counted, may_come
        FROM (SELECT asset, amount FROM {schema}.tips
            WHERE app = balance.app AND to_user = balance."user" AND phase = 'open'
            ORDER BY id DESC LIMIT (required->>'bound')::bigint + 1) AS newest;
    IF counted > (required->>'bound')::bigint
        OR balance.available + balance.reserved + may_come > (required->>'ceiling')::numeric
    THEN
        RAISE EXCEPTION 'the account has no room' USING ERRCODE = 'FL006';
    END IF;
END $$;

-- The balance is locked before the entry is inserted: two units that post to one account wait for
-- each other there, and nowhere else. Entries of one account stand together, and its balance is
-- written once after them.
CREATE FUNCTION {schema}.post(postings jsonb, group_ends timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    most CONSTANT numeric := 170141183460469231731687303715884105727;
    entry {schema}.entries;
    balance {schema}.balances;
    available_after numeric;
    reserved_after numeric;
BEGIN
    FOR entry IN SELECT * FROM jsonb_populate_recordset(NULL::{schema}.entries, postings) LOOP
        IF (balance.app, balance."user", balance.asset)
            IS DISTINCT FROM (entry.app, entry."user", entry.asset)
        THEN
            IF clock_timestamp() > group_ends THEN
                PERFORM {schema}.give_up_group();
            END IF;
            UPDATE {schema}.balances SET available = available_after, reserved = reserved_after
                WHERE app = balance.app AND "user" = balance."user" AND asset = balance.asset;
            balance := {schema}.lock_balance(entry.app, entry."user", entry.asset);
            available_after := balance.available;
            reserved_after := balance.reserved;
        END IF;
        INSERT INTO {schema}.entries (source_kind, source, kind, app, "user", asset, amount, from_account,
                to_account, at)
            VALUES (entry.source_kind, entry.source, entry.kind, entry.app, entry."user", entry.asset,
                entry.amount, entry.from_account, entry.to_account, entry.at);
        available_after := available_after
            - CASE entry.from_account WHEN 'available' THEN entry.amount ELSE 0 END
            + CASE entry.to_account WHEN 'available' THEN entry.amount ELSE 0 END;
        reserved_after := reserved_after
            - CASE entry.from_account WHEN 'reserved' THEN entry.amount ELSE 0 END
            + CASE entry.to_account WHEN 'reserved' THEN entry.amount ELSE 0 END;
        IF available_after NOT BETWEEN 0 AND most OR reserved_after NOT BETWEEN 0 AND most THEN
            RAISE EXCEPTION 'the balance would leave its range' USING ERRCODE = 'FL002';
        END IF;
    END LOOP;
    UPDATE {schema}.balances SET available = available_after, reserved = reserved_after
        WHERE app = balance.app AND "user" = balance."user" AND asset = balance.asset;
END $$;

-- Inserts, or takes the place of a record that is forgotten by now. Then up to four more that are
-- forgotten are cleared away, unless somebody else is about to; each by its key, so that no plan that
-- was made for a small table reads a large one.
CREATE FUNCTION {schema}.remember(use jsonb, present timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next {schema}.idempotency := jsonb_populate_record(NULL::{schema}.idempotency, use);
    forgotten {schema}.idempotency;
BEGIN
    INSERT INTO {schema}.idempotency AS known VALUES (next.*)
        ON CONFLICT (app, method, key) DO UPDATE SET digest = excluded.digest,
            subject_kind = excluded.subject_kind, subject = excluded.subject,
            expires_at = excluded.expires_at
        WHERE known.expires_at <= present;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the idempotency key is in use' USING ERRCODE = 'FL004';
    END IF;
    FOR forgotten IN SELECT * FROM {schema}.idempotency WHERE expires_at <= present
        ORDER BY expires_at LIMIT 4 FOR UPDATE SKIP LOCKED
    LOOP
        DELETE FROM {schema}.idempotency
            WHERE app = forgotten.app AND method = forgotten.method AND key = forgotten.key;
    END LOOP;
END $$;

-- What is named here is done by one transaction at a time. The lock ends with its transaction, after
-- what it wrote can be seen, and the next snapshot is taken after the lock: so whoever has the lock
-- sees every number that was ever given. A number that was seen is durable, whatever the database
-- does elsewhere.
CREATE FUNCTION {schema}.sequencer(feed text, feed_app text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the store works in read committed alone, not in %',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    RETURN hashtextextended('{schema}/' || feed || '/' || feed_app, 0);
END $$;

-- Gives numbers to at most `most` events of an app that were committed without one. The caller is the
-- sequencer. Answers the last number, or nothing while others are without a number.
CREATE FUNCTION {schema}.continue_events(feed_app text, most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
    left_over record;
    room integer := most;
BEGIN
    last := coalesce((SELECT number FROM {schema}.events
        WHERE app = feed_app AND number IS NOT NULL ORDER BY number DESC LIMIT 1), 0);
    FOR left_over IN SELECT id FROM {schema}.events WHERE app = feed_app AND number IS NULL
        ORDER BY place LIMIT most + 1
    LOOP
        IF room = 0 THEN
            RETURN NULL;
        END IF;
        room := room - 1;
        last := last + 1;
        UPDATE {schema}.events SET number = last WHERE id = left_over.id;
    END LOOP;
    RETURN last;
END $$;

-- The same for settled tips.
CREATE FUNCTION {schema}.continue_settled_tips(feed_app text, most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
    left_over record;
    room integer := most;
BEGIN
    last := coalesce((SELECT number FROM {schema}.settled_tips
        WHERE app = feed_app AND number IS NOT NULL ORDER BY number DESC LIMIT 1), 0);
    FOR left_over IN SELECT tip FROM {schema}.settled_tips WHERE app = feed_app AND number IS NULL
        ORDER BY place LIMIT most + 1
    LOOP
        IF room = 0 THEN
            RETURN NULL;
        END IF;
        room := room - 1;
        last := last + 1;
        UPDATE {schema}.settled_tips SET number = last WHERE tip = left_over.tip;
    END LOOP;
    RETURN last;
END $$;

-- What is emitted is numbered at once, unless another transaction is the sequencer: then it is left
-- to the next one, or to the next reader.
CREATE FUNCTION {schema}.emit(events jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    feed record;
    last bigint;
BEGIN
    FOR feed IN SELECT event->>'app' AS app,
            array_agg(jsonb_populate_record(NULL::{schema}.events, event) ORDER BY place) AS events
        FROM jsonb_array_elements(events) WITH ORDINALITY AS emitted (event, place) GROUP BY event->>'app'
    LOOP
        last := NULL;
        IF pg_try_advisory_xact_lock({schema}.sequencer('events', feed.app)) THEN
            last := {schema}.continue_events(feed.app, 64);
        END IF;
        INSERT INTO {schema}.events (id, app, kind, subject, at, number)
            SELECT next.id, next.app, next.kind, next.subject, next.at, last + next.nth
            FROM unnest(feed.events) WITH ORDINALITY
                AS next (id, app, kind, subject, at, no_place, no_number, nth)
            ORDER BY next.nth;
    END LOOP;
END $$;

-- A tip keeps the place that it got when it was settled. Its row is locked, so nobody else is about
-- to give it one.
CREATE FUNCTION {schema}.settle(settled jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    feed record;
    last bigint;
BEGIN
    FOR feed IN SELECT tip->>'app' AS app,
            array_agg(jsonb_populate_record(NULL::{schema}.settled_tips, tip) ORDER BY place) AS tips
        FROM jsonb_array_elements(settled) WITH ORDINALITY AS list (tip, place) GROUP BY tip->>'app'
    LOOP
        last := NULL;
        IF pg_try_advisory_xact_lock({schema}.sequencer('settled_tips', feed.app)) THEN
            last := {schema}.continue_settled_tips(feed.app, 64);
        END IF;
        INSERT INTO {schema}.settled_tips (tip, app, at, number)
            SELECT next.tip, next.app, next.at, last + row_number() OVER (ORDER BY next.nth)
            FROM unnest(feed.tips) WITH ORDINALITY AS next (tip, app, at, no_place, no_number, nth)
            -- One look by the key for each, however the planner would join them.
            WHERE (SELECT known.tip FROM {schema}.settled_tips AS known WHERE known.tip = next.tip) IS NULL
            ORDER BY next.nth;
    END LOOP;
END $$;

-- Gives numbers to events that were committed before this was called, at most 1000: whether there may
-- be more. Readers call it first.
CREATE FUNCTION {schema}.number_events(feed_app text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM {schema}.events WHERE app = feed_app AND number IS NULL) THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock({schema}.sequencer('events', feed_app));
    RETURN {schema}.continue_events(feed_app, 1000) IS NULL;
END $$;

CREATE FUNCTION {schema}.number_settled_tips(feed_app text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM {schema}.settled_tips WHERE app = feed_app AND number IS NULL) THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock({schema}.sequencer('settled_tips', feed_app));
    RETURN {schema}.continue_settled_tips(feed_app, 1000) IS NULL;
END $$;

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

CREATE FUNCTION {schema}.require_worker(required uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM {schema}.workers WHERE id = required AND dead_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the worker was declared dead' USING ERRCODE = 'FL005';
    END IF;
END $$;

CREATE FUNCTION {schema}.commit_ops(ops jsonb, group_ends timestamptz DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    op jsonb;
    change jsonb;
BEGIN
    -- What was answered is durable, whatever the database does elsewhere.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    FOR op IN SELECT value FROM jsonb_array_elements(ops) LOOP
        IF clock_timestamp() > group_ends THEN
            PERFORM {schema}.give_up_group();
        END IF;
        -- Of tips, entries and events those that follow each other stand here together.
        change := op->'record';
        CASE op->>'op'
        WHEN 'create_tips' THEN
            INSERT INTO {schema}.tips SELECT * FROM jsonb_populate_recordset(NULL::{schema}.tips, change);
        WHEN 'update_tips' THEN
            PERFORM {schema}.update_tips(change, group_ends);
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
        WHEN 'create_document' THEN
            PERFORM {schema}.create_document(change);
        WHEN 'update_document' THEN
            PERFORM {schema}.update_document(change, (op->>'expected')::bigint);
        WHEN 'remove_document' THEN
            PERFORM {schema}.remove_document(change, (op->>'expected')::bigint);
        WHEN 'require_document' THEN
            PERFORM {schema}.require_document(change, (op->>'expected')::bigint);
        WHEN 'create_hub' THEN
            INSERT INTO {schema}.hub SELECT * FROM jsonb_populate_record(NULL::{schema}.hub, change);
        WHEN 'accept_node' THEN
            PERFORM {schema}.accept_node(change);
        WHEN 'seal_seed' THEN
            PERFORM {schema}.seal_seed(change);
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
        WHEN 'require_room' THEN
            PERFORM {schema}.require_room(change);
        WHEN 'post' THEN
            PERFORM {schema}.post(change, group_ends);
        WHEN 'remember' THEN
            PERFORM {schema}.remember(change, (op->>'now')::timestamptz);
        WHEN 'audit' THEN
            INSERT INTO {schema}.audit_records
                    (id, at, operator, origin, action, app, subject, before, after, reason)
                SELECT id, at, operator, origin, action, app, subject, before, after, reason
                FROM jsonb_populate_record(NULL::{schema}.audit_records, change);
        WHEN 'emit' THEN
            PERFORM {schema}.emit(change);
        WHEN 'settle' THEN
            PERFORM {schema}.settle(change);
        END CASE;
    END LOOP;
END $$;

-- Units that wait at the same time, as one. Whoever stands in the way of one of them must not hold up
-- the others for long, nor many who do so one after the other: then this is refused, and each is a unit
-- of its own. (A statement timeout that is set in here counts for the next statement alone.)
CREATE FUNCTION {schema}.commit_together(ops jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_timeout', '200ms', true);
    PERFORM {schema}.commit_ops(ops, clock_timestamp() + interval '2 seconds');
END $$;

-- Lets requests in, each once, and counts them. The answer for each stands in its place. -1: its nonce
-- was used, or may have been. -2: its rate limit is used up, and so is the nonce. Otherwise what is
-- left of its rate limit; nothing where it has none. Locks are taken in the order of the nonces, then
-- in that of the rates.
CREATE FUNCTION {schema}.admit(
    request_nonces bytea[], signed_at timestamptz[], forget_at timestamptz[], present timestamptz[],
    rate_apps text[], rate_methods text[], rate_windows timestamptz[], rate_limits bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    requests CONSTANT integer := cardinality(request_nonces);
    latest CONSTANT timestamptz := (SELECT max(moment) FROM unnest(present) AS moment);
    decided bigint[] := array_fill(NULL::bigint, ARRAY[requests]);
    memory_begins timestamptz;
    place integer;
    forgotten bytea;
    rate record;
    counted bigint;
BEGIN
    SELECT begins INTO memory_begins FROM {schema}.nonce_memory;
    -- A memory that begins a day ahead was begun by a clock that was wrong; believing it would refuse
    -- everybody for as long.
    IF memory_begins IS NULL OR memory_begins > latest + interval '24 hours' THEN
        INSERT INTO {schema}.nonce_memory AS memory VALUES (true, latest)
            ON CONFLICT (one) DO UPDATE SET begins = excluded.begins
            WHERE memory.begins > excluded.begins + interval '24 hours';
        SELECT begins INTO STRICT memory_begins FROM {schema}.nonce_memory;
    END IF;

    FOR place IN SELECT asked.place FROM unnest(request_nonces) WITH ORDINALITY AS asked (nonce, place)
        ORDER BY asked.nonce, asked.place
    LOOP
        IF signed_at[place] < memory_begins THEN
            decided[place] := -1;
            CONTINUE;
        END IF;
        INSERT INTO {schema}.nonces AS known VALUES (request_nonces[place], forget_at[place])
            ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at
            WHERE known.expires_at <= present[place];
        IF NOT FOUND THEN
            decided[place] := -1;
        END IF;
    END LOOP;
    FOR forgotten IN SELECT nonce FROM {schema}.nonces WHERE expires_at <= latest
        ORDER BY expires_at LIMIT 4 * requests FOR UPDATE SKIP LOCKED
    LOOP
        DELETE FROM {schema}.nonces WHERE nonce = forgotten;
    END LOOP;

    FOR rate IN SELECT asked.app, asked.method, asked.began, asked.most, array_agg(asked.place ORDER BY asked.place) AS places
        FROM unnest(rate_apps, rate_methods, rate_windows, rate_limits)
            WITH ORDINALITY AS asked (app, method, began, most, place)
        WHERE asked.app IS NOT NULL AND decided[asked.place] IS NULL
        GROUP BY asked.app, asked.method, asked.began, asked.most
        ORDER BY asked.app COLLATE "C", asked.method COLLATE "C", asked.began
    LOOP
        INSERT INTO {schema}.rates AS known VALUES (rate.app, rate.method, rate.began, 0)
            ON CONFLICT (app, method) DO UPDATE SET window_start = excluded.window_start,
                requests = CASE WHEN known.window_start = excluded.window_start
                    THEN known.requests ELSE 0 END
            RETURNING known.requests INTO counted;
        FOREACH place IN ARRAY rate.places LOOP
            IF counted < rate.most THEN
                counted := counted + 1;
                decided[place] := rate.most - counted;
            ELSE
                decided[place] := -2;
            END IF;
        END LOOP;
        UPDATE {schema}.rates SET requests = counted WHERE app = rate.app AND method = rate.method;
    END LOOP;
    RETURN decided;
END $$;
