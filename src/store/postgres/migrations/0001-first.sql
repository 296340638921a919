-- Times are milliseconds since 1970. States, stages and reasons are the numbers
-- of numbers.rs. `key` is an address in lower case.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE subscriber (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    address TEXT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    status BIGINT NOT NULL CHECK (status BETWEEN 0 AND 2),
    language TEXT,
    edition TEXT,
    edition_until BIGINT,
    tags TEXT NOT NULL,
    attributes TEXT NOT NULL,
    origin TEXT NOT NULL,
    joined_at BIGINT,
    joined_ip TEXT,
    confirmed_at BIGINT,
    confirmed_ip TEXT,
    left_at BIGINT
);
CREATE INDEX subscriber_provider ON subscriber (provider, id);

-- Whoever was erased: SHA-256 of salt and key, the id they had, and a reason of
-- before that their own opt-in would not lift.
CREATE TABLE erased (
    salt BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    subscriber BIGINT,
    held BIGINT,
    PRIMARY KEY (salt, hash)
);

CREATE TABLE suppression (
    key TEXT COLLATE "C" PRIMARY KEY,
    address TEXT NOT NULL,
    reason BIGINT NOT NULL CHECK (reason BETWEEN 0 AND 4),
    at BIGINT NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE suppressed_domain (
    domain TEXT COLLATE "C" PRIMARY KEY,
    reason BIGINT NOT NULL CHECK (reason BETWEEN 0 AND 4),
    at BIGINT NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE mailing (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue TEXT COLLATE "C" NOT NULL UNIQUE,
    title TEXT NOT NULL,
    digest TEXT NOT NULL,
    filter TEXT NOT NULL,
    stage BIGINT NOT NULL CHECK (stage BETWEEN 0 AND 4),
    why TEXT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE content (
    mailing BIGINT PRIMARY KEY,
    bytes BYTEA NOT NULL
);

-- One row for each recipient of a mailing, for ever. `subscriber` refers to
-- nothing on purpose: it outlasts an erasure. `due` is 0 until the first try.
-- A row that is being sent has a `token`, names no state of its own and keeps
-- the open state that it had: what begins a try is in no index, so that only
-- the end of a try writes to one. The high half of a token is the number of the
-- worker's lease. `claim` is the lease of the worker that has the row at hand.
CREATE TABLE delivery (
    mailing BIGINT NOT NULL,
    subscriber BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    claim BIGINT,
    token BIGINT,
    first_attempt BIGINT,
    at BIGINT,
    phase BIGINT,
    code BIGINT,
    enhanced BIGINT,
    text TEXT,
    note TEXT,
    message_id TEXT,
    PRIMARY KEY (mailing, subscriber) WITH (fillfactor = 50)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Open and under way.
CREATE INDEX delivery_live ON delivery (mailing, due, subscriber) WHERE state < 2;

-- How earlier tries of a delivery ended; the last one's end is in its row.
CREATE TABLE attempt (
    mailing BIGINT NOT NULL,
    subscriber BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT,
    phase BIGINT,
    code BIGINT,
    enhanced BIGINT,
    text TEXT,
    note TEXT,
    PRIMARY KEY (mailing, subscriber, number)
);

CREATE TABLE limits (
    scope TEXT COLLATE "C" PRIMARY KEY,
    state TEXT NOT NULL
);

-- Messages that came back because of a passing trouble, once each.
CREATE TABLE soft_bounce (
    subscriber BIGINT NOT NULL,
    message TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subscriber, message)
);

-- Addresses that a subscriber had before: links in mail sent there still mean
-- the same person. Gone with the person.
CREATE TABLE former (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber BIGINT NOT NULL,
    key TEXT NOT NULL
);
CREATE INDEX former_subscriber ON former (subscriber);

-- Who asked for the newsletter, or to have it at this address, and has not
-- confirmed it: nobody's subscription yet. `tag` is the one in the link that was
-- mailed; `moves` is the subscriber who wants to move here.
CREATE TABLE signup (
    tag BYTEA PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT,
    origin TEXT NOT NULL,
    network TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    moves BIGINT
);
CREATE INDEX signup_asked ON signup (asked_at);

-- Messages of the server's own that are still to be sent: one of each kind to an
-- address at most. Gone once they are sent or given up.
CREATE TABLE notice (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind BIGINT NOT NULL CHECK (kind BETWEEN 0 AND 4),
    key TEXT COLLATE "C" NOT NULL,
    address TEXT NOT NULL,
    language TEXT,
    made_at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
);
CREATE INDEX notice_due ON notice (due);

-- When an opt-in last lifted that an address had bounced.
CREATE TABLE lifted (
    key TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL
);

-- Leases of those who send (`kind` 0) and of those who see to it that what is
-- scheduled is sent (1). Times are the server's. A lease that ran out is marked
-- `dead` by whoever sees it first, and from then on its worker writes nothing.
CREATE TABLE worker (
    id BIGINT GENERATED ALWAYS AS IDENTITY (MAXVALUE 2147483647) PRIMARY KEY,
    kind BIGINT NOT NULL,
    who TEXT NOT NULL,
    since BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    until BIGINT NOT NULL,
    sent BIGINT NOT NULL DEFAULT 0,
    before_beat BIGINT NOT NULL,
    before_sent BIGINT NOT NULL DEFAULT 0,
    dead BOOLEAN NOT NULL DEFAULT false
);

-- Written in the transactions whose end may have to be looked up again after a
-- connection broke.
CREATE TABLE receipt (
    nonce BYTEA PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE FUNCTION letterpress_clock() RETURNS bigint LANGUAGE sql VOLATILE AS
    $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- Refuses what the promises of a store cannot be kept with.
CREATE FUNCTION letterpress_durable() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        RAISE EXCEPTION 'synchronous_commit is off' USING ERRCODE = 'LP002';
    END IF;
END $$;

-- Refuses a worker whose lease was taken over. Whoever marks a lease as dead
-- holds the lock alone.
CREATE FUNCTION letterpress_fence(p_fence bigint, p_alone boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM letterpress_durable();
    IF p_alone THEN
        PERFORM pg_advisory_xact_lock(7814992);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(7814992);
    END IF;
    IF p_fence <> 0 AND NOT EXISTS (SELECT 1 FROM worker WHERE id = p_fence AND NOT dead) THEN
        RAISE EXCEPTION 'the lease was taken over' USING ERRCODE = 'LP001';
    END IF;
END $$;

-- Steps of several connections. All arrays have one place for each step. Given
-- the same steps again, as after a connection that broke, it changes nothing
-- more and answers the same: `p_again` waits for whoever was at it before. The
-- answer has, for all deliveries that were to begin, first their places, then
-- their verdicts, then their attempts. One plan serves for all numbers of steps:
-- to make it costs more than a group of them.
CREATE FUNCTION letterpress_step(
    p_again boolean, p_fence bigint, p_words text[], p_now bigint[], p_mailing bigint[],
    p_done bigint[], p_done_token bigint[], p_done_attempts bigint[], p_state bigint[],
    p_due bigint[], p_phase bigint[], p_code bigint[], p_enhanced bigint[], p_text text[],
    p_note text[], p_reason bigint[],
    p_next bigint[], p_token bigint[], p_message text[]
) RETURNS bigint[]
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    v_ended bigint[];
    v_places bigint[];
    v_verdicts bigint[];
    v_attempts bigint[];
    v_place bigint;
    v_verdict bigint;
    v_attempt bigint;
BEGIN
    PERFORM letterpress_fence(p_fence, p_again);

    -- How the try before that one ended.
    IF 1 < ANY (p_done_attempts) THEN
        INSERT INTO attempt (mailing, subscriber, number, at, phase, code, enhanced, text, note)
        SELECT d.mailing, d.subscriber, d.attempts - 1, d.at, d.phase, d.code, d.enhanced,
            d.text, d.note
        FROM unnest(p_mailing, p_done, p_done_token, p_state)
                AS f(mailing, subscriber, token, state)
            JOIN delivery d ON d.mailing = f.mailing AND d.subscriber = f.subscriber
        WHERE d.token = f.token AND d.attempts > 1 AND f.state >= 0
        ON CONFLICT DO NOTHING;
    END IF;

    -- All that ends and all that begins in one statement: no step of these begins
    -- what another ends, or what another's outcome would keep from beginning.
    WITH ended AS (
        UPDATE delivery d SET
            token = NULL,
            claim = NULL,
            state = CASE
                WHEN (f.state < 2 AND (SELECT stage FROM mailing WHERE id = f.mailing) = 3)
                    THEN 7
                WHEN f.state >= 0 THEN f.state
                ELSE d.state END,
            attempts = CASE WHEN f.state >= 0 THEN f.attempts ELSE d.attempts - 1 END,
            first_attempt = CASE WHEN f.state >= 0 THEN coalesce(d.first_attempt, f.now)
                WHEN d.attempts > 1 THEN d.first_attempt END,
            message_id = CASE WHEN f.state >= 0 OR d.attempts > 1 THEN d.message_id END,
            at = CASE WHEN f.state < 0 AND d.attempts > 1 THEN d.at ELSE f.now END,
            due = coalesce(f.due, d.due),
            phase = CASE WHEN f.state >= 0 THEN f.phase ELSE d.phase END,
            code = CASE WHEN f.state >= 0 THEN f.code ELSE d.code END,
            enhanced = CASE WHEN f.state >= 0 THEN f.enhanced ELSE d.enhanced END,
            -- Servers repeat addresses in their replies; nothing of somebody who
            -- was erased meanwhile is to come back that way.
            text = CASE WHEN f.state < 0 THEN d.text
                WHEN f.text IS NULL OR s.id IS NOT NULL THEN f.text ELSE '' END,
            note = CASE WHEN f.state < 0 THEN d.note
                WHEN s.id IS NOT NULL THEN f.note END
        FROM unnest(p_now, p_mailing, p_done, p_done_token, p_done_attempts, p_state, p_due,
                p_phase, p_code, p_enhanced, p_text, p_note) WITH ORDINALITY
                AS f(now, mailing, subscriber, token, attempts, state, due, phase, code,
                    enhanced, text, note, place)
            LEFT JOIN subscriber s ON s.id = f.subscriber
        WHERE d.mailing = f.mailing AND d.subscriber = f.subscriber
            AND (d.token = f.token
                -- A failover lost the beginning of the try, which is known here.
                OR (d.token IS NULL AND d.state < 2 AND f.state >= 0 AND p_fence <> 0
                    AND d.attempts = f.attempts - 1))
        RETURNING f.place
    ), begun AS (
        UPDATE delivery d SET
            token = CASE WHEN n.skip IS NULL THEN n.token END,
            claim = CASE WHEN n.skip IS NULL THEN d.claim END,
            state = CASE WHEN n.skip IS NULL THEN d.state ELSE 6 END,
            note = CASE WHEN n.skip IS NULL THEN d.note ELSE p_words[n.skip] END,
            attempts = d.attempts + CASE WHEN n.skip IS NULL THEN 1 ELSE 0 END,
            -- When the last try ended, until this one ends: `attempt` takes it over.
            at = CASE WHEN n.skip IS NULL THEN coalesce(d.at, n.now) ELSE n.now END,
            first_attempt = CASE WHEN n.skip IS NULL
                THEN coalesce(d.first_attempt, n.now) ELSE d.first_attempt END,
            message_id = CASE WHEN n.skip IS NULL THEN n.message ELSE d.message_id END
        FROM (
            SELECT n.place, n.now, n.mailing, n.subscriber, n.token, n.message,
                CASE WHEN s.id IS NULL THEN 4
                    WHEN s.status <> 1 THEN 1
                    WHEN x.reason IS NOT NULL THEN 3 + x.reason
                    WHEN y.domain IS NOT NULL THEN 2 END AS skip
            FROM unnest(p_now, p_mailing, p_next, p_token, p_message) WITH ORDINALITY
                    AS n(now, mailing, subscriber, token, message, place)
                JOIN mailing m ON m.id = n.mailing AND m.stage = 1
                LEFT JOIN subscriber s ON s.id = n.subscriber
                LEFT JOIN suppression x ON x.key = s.key
                LEFT JOIN suppressed_domain y ON y.domain = split_part(s.key, '@', 2)
        ) n
        WHERE d.mailing = n.mailing AND d.subscriber = n.subscriber
            AND d.state < 2 AND d.token IS NULL AND d.due <= n.now
            AND (d.claim IS NULL OR d.claim = p_fence OR p_fence = 0)
        RETURNING n.place, coalesce(n.skip, 0) AS verdict, d.attempts
    )
    SELECT array_agg(place), array_agg(verdict), array_agg(attempts),
        (SELECT array_agg(place) FROM ended)
    INTO v_places, v_verdicts, v_attempts, v_ended FROM begun;

    IF array_remove(p_reason, NULL) <> '{}' THEN
        INSERT INTO suppression AS x (key, address, reason, at, note)
        SELECT s.key, s.address, f.reason, f.now, coalesce(f.text, '')
        FROM unnest(p_now, p_done, p_text, p_reason) WITH ORDINALITY
                AS f(now, subscriber, text, reason, place)
            JOIN subscriber s ON s.id = f.subscriber
        WHERE f.reason IS NOT NULL AND f.place = ANY (v_ended)
        ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason,
            at = excluded.at, note = excluded.note
        WHERE excluded.reason >= 3 AND x.reason < 3;
    END IF;

    -- Those of which it cannot be said that they begin now: withheld, or begun
    -- when these steps were given before.
    IF coalesce(cardinality(v_places), 0) < cardinality(array_remove(p_next, NULL)) THEN
        FOR v_place, v_verdict, v_attempt IN
            SELECT n.place, CASE WHEN d.token = n.token THEN 0 ELSE 100 + coalesce(m.stage, 3) END,
                d.attempts
            FROM unnest(p_mailing, p_next, p_token) WITH ORDINALITY
                    AS n(mailing, subscriber, token, place)
                LEFT JOIN mailing m ON m.id = n.mailing
                LEFT JOIN delivery d ON d.mailing = n.mailing AND d.subscriber = n.subscriber
            WHERE n.subscriber IS NOT NULL AND n.place <> ALL (coalesce(v_places, '{}'))
        LOOP
            v_places := v_places || v_place;
            v_verdicts := v_verdicts || v_verdict;
            v_attempts := v_attempts || coalesce(v_attempt, 0);
        END LOOP;
    END IF;
    RETURN v_places || v_verdicts || v_attempts;
END $$;

-- Open deliveries that are due, claimed for this lease, in no order. Those whom
-- another has claimed, or is about to, are passed over.
CREATE FUNCTION letterpress_claim(
    p_fence bigint, p_mailing bigint, p_now bigint, p_provider text,
    p_after_due bigint, p_after bigint, p_limit bigint
) RETURNS TABLE (subscriber bigint, due bigint, attempts bigint, first_attempt bigint,
    address text, name text, language text, attributes text, provider text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    v_found tid[];
    v_first bigint;
BEGIN
    PERFORM letterpress_fence(p_fence, false);
    IF p_provider IS NULL THEN
        v_found := array(SELECT d.ctid FROM delivery d
            WHERE d.mailing = p_mailing AND d.state < 2 AND d.due <= p_now
                AND (d.due, d.subscriber) > (p_after_due, p_after)
                AND d.token IS NULL AND (d.claim IS NULL OR d.claim = p_fence OR p_fence = 0)
            ORDER BY d.due, d.subscriber LIMIT p_limit
            FOR UPDATE SKIP LOCKED);
    ELSE
        v_found := '{}';
        IF p_after_due <= 0 THEN
            SELECT d.subscriber INTO v_first FROM delivery d
                WHERE d.mailing = p_mailing AND d.state < 2 AND d.due = 0
                ORDER BY d.subscriber LIMIT 1;
            v_first := greatest(v_first - 1, CASE WHEN p_after_due = 0 THEN p_after ELSE 0 END);
            -- Found by walking the provider's subscribers.
            v_found := array(SELECT d.ctid
                FROM subscriber s
                    JOIN delivery d ON d.mailing = p_mailing AND d.subscriber = s.id
                WHERE s.provider = p_provider AND s.id > v_first
                    AND d.state < 2 AND d.due = 0
                    AND d.token IS NULL AND (d.claim IS NULL OR d.claim = p_fence OR p_fence = 0)
                ORDER BY s.id LIMIT p_limit
                FOR UPDATE OF d SKIP LOCKED);
        END IF;
        IF cardinality(v_found) < p_limit THEN
            v_found := v_found || array(SELECT d.ctid
                FROM delivery d JOIN subscriber s ON s.id = d.subscriber
                WHERE d.mailing = p_mailing AND d.state < 2 AND s.provider = p_provider
                    AND d.due <= p_now
                    AND (d.due, d.subscriber) > (greatest(p_after_due, 1),
                        CASE WHEN p_after_due > 0 THEN p_after ELSE 0 END)
                    AND d.token IS NULL AND (d.claim IS NULL OR d.claim = p_fence OR p_fence = 0)
                ORDER BY d.due, d.subscriber LIMIT p_limit - cardinality(v_found)
                FOR UPDATE OF d SKIP LOCKED);
        END IF;
    END IF;
    IF p_fence = 0 THEN
        RETURN QUERY
        SELECT d.subscriber, d.due, d.attempts, d.first_attempt, s.address, s.name, s.language,
            s.attributes, s.provider
        FROM unnest(v_found) AS t(place)
            JOIN delivery d ON d.ctid = t.place
            JOIN subscriber s ON s.id = d.subscriber;
    ELSE
        -- They are locked, so that none of them moves.
        RETURN QUERY
        UPDATE delivery d SET claim = p_fence
        FROM unnest(v_found) AS t(place), subscriber s
        WHERE d.ctid = t.place AND s.id = d.subscriber
        RETURNING d.subscriber, d.due, d.attempts, d.first_attempt, s.address, s.name,
            s.language, s.attributes, s.provider;
    END IF;
END $$;

-- Deliveries of dead leases: what was being sent is unknown, what was only
-- claimed is free again. Several may do so at once.
CREATE FUNCTION letterpress_bury(p_fences bigint[], p_now bigint, p_words text)
RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_count bigint;
BEGIN
    INSERT INTO attempt (mailing, subscriber, number, at, phase, code, enhanced, text, note)
    SELECT mailing, subscriber, attempts - 1, at, phase, code, enhanced, text, note
    FROM delivery
    WHERE state < 2 AND token >> 32 = ANY (p_fences) AND attempts > 1
    ON CONFLICT DO NOTHING;
    UPDATE delivery SET state = 5, token = NULL, claim = NULL, at = p_now, phase = NULL,
        code = NULL, enhanced = NULL, text = NULL, note = p_words
    WHERE state < 2 AND token >> 32 = ANY (p_fences);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    UPDATE delivery SET claim = NULL
    WHERE state < 2 AND token IS NULL AND claim = ANY (p_fences);
    DELETE FROM worker WHERE id = ANY (p_fences) AND dead;
    RETURN v_count;
END $$;
