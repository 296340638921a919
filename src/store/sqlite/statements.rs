//! Every statement of the store whose text is fixed, in one place, so that a
//! test can prepare them all. What FILTER adds is made in `plan.rs`.

macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        $(pub(super) const $name: &str = $text;)*

        /// All of them with their names.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    BEGIN_READ = "BEGIN";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    SAVEPOINT = "SAVEPOINT step";
    RELEASE = "RELEASE step";
    ROLLBACK_TO = "ROLLBACK TO step";
    CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)";
    META_PUT = "INSERT OR IGNORE INTO meta (name, value) VALUES (?1, ?2)";
    META_GET = "SELECT value FROM meta WHERE name = ?1";

    META_FORGET = "DELETE FROM meta WHERE name IN ('id', 'salt', 'first_subscriber')";
    SUBSCRIBERS_COUNTED = "DELETE FROM sqlite_sequence WHERE name = 'subscriber'";
    SUBSCRIBERS_COUNT = "INSERT INTO sqlite_sequence (name, seq) SELECT 'subscriber', max(
            coalesce((SELECT max(id) FROM subscriber), 0),
            coalesce((SELECT max(subscriber) FROM erased), 0),
            coalesce((SELECT max(subscriber) FROM delivery), 0))";

    // ---- subscribers ----

    ENTRY_BY_KEY = "SELECT s.id, s.address, s.name, s.language, s.attributes, s.status,
            s.edition, s.edition_until, s.tags, s.origin, s.joined_at, s.joined_ip,
            s.confirmed_at, s.confirmed_ip, s.left_at, x.reason, x.at, x.note
        FROM subscriber s LEFT JOIN suppression x ON x.key = s.key
        WHERE s.key = ?1";
    ENTRY_BY_ID = "SELECT s.id, s.address, s.name, s.language, s.attributes, s.status,
            s.edition, s.edition_until, s.tags, s.origin, s.joined_at, s.joined_ip,
            s.confirmed_at, s.confirmed_ip, s.left_at, x.reason, x.at, x.note
        FROM subscriber s LEFT JOIN suppression x ON x.key = s.key
        WHERE s.id = ?1";
    ENTRIES = "SELECT s.id, s.address, s.name, s.language, s.attributes, s.status,
            s.edition, s.edition_until, s.tags, s.origin, s.joined_at, s.joined_ip,
            s.confirmed_at, s.confirmed_ip, s.left_at, x.reason, x.at, x.note
        FROM subscriber s LEFT JOIN suppression x ON x.key = s.key
        WHERE s.id > ?1 AND (?2 IS NULL OR s.status = ?2)
            AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(s.tags) WHERE value = ?3))
        ORDER BY s.id";
    NAMES = "SELECT s.id, s.key, s.name FROM subscriber s
        WHERE s.id > ?1 AND (?2 IS NULL OR s.status = ?2)
            AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(s.tags) WHERE value = ?3))
        ORDER BY s.id";
    CAME_BY_DAY = "SELECT COALESCE(confirmed_at, joined_at) / 86400000, count(*) FROM subscriber
        WHERE COALESCE(confirmed_at, joined_at) IS NOT NULL AND status <> 0 GROUP BY 1";
    LEFT_BY_DAY = "SELECT left_at / 86400000, count(*) FROM subscriber
        WHERE left_at IS NOT NULL AND status = 2 GROUP BY 1";
    SEARCHED = "SELECT s.key, s.name FROM subscriber s
        WHERE (?1 IS NULL OR s.status = ?1)
            AND (?2 IS NULL OR EXISTS (SELECT 1 FROM json_each(s.tags) WHERE value = ?2))";
    SUBSCRIBER_ADD = "INSERT INTO subscriber (key, address, provider, name, status, language,
            edition, edition_until, tags, attributes, origin, joined_at, joined_ip,
            confirmed_at, confirmed_ip, left_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    SUBSCRIBER_UPDATE = "UPDATE subscriber SET name = ?2, status = ?3, language = ?4,
            edition = ?5, edition_until = ?6, tags = ?7, attributes = ?8, origin = ?9,
            joined_at = ?10, joined_ip = ?11, confirmed_at = ?12, confirmed_ip = ?13,
            left_at = ?14
        WHERE id = ?1";
    SUBSCRIBER_MOVE = "UPDATE subscriber SET key = ?2, address = ?3, provider = ?4 WHERE id = ?1";
    SUBSCRIBER_LEAVE = "UPDATE subscriber SET status = 2, left_at = ?2 WHERE id = ?1";
    SUBSCRIBER_CONFIRM =
        "UPDATE subscriber SET status = 1, confirmed_at = ?2, left_at = NULL WHERE id = ?1";
    SUBSCRIBER_ASK = "UPDATE subscriber SET status = 0 WHERE id = ?1";
    SUBSCRIBER_GONE = "SELECT 1 FROM subscriber s JOIN suppression x ON x.key = s.key
        WHERE s.key = ?1 AND s.status = 2 AND s.left_at = ?2 AND x.reason = ?3 AND x.at = ?2";
    SUBSCRIBER_TAKE_BACK =
        "UPDATE subscriber SET status = 1, left_at = NULL WHERE key = ?1";
    SUBSCRIBER_LANGUAGE = "UPDATE subscriber SET language = ?2 WHERE key = ?1";
    SUBSCRIBER_ATTRIBUTES = "SELECT attributes FROM subscriber WHERE key = ?1";
    SUBSCRIBER_ATTRIBUTES_PUT = "UPDATE subscriber SET attributes = ?2 WHERE key = ?1";
    FORMER = "SELECT id, subscriber, key FROM former WHERE id > ?1 ORDER BY id LIMIT ?2";
    FORMER_ADD = "INSERT INTO former (subscriber, key) VALUES (?1, ?2)";
    FORMER_FORGET = "DELETE FROM former WHERE subscriber = ?1";
    SUBSCRIBER_ID = "SELECT id, status FROM subscriber WHERE key = ?1";
    SUBSCRIBER_KEYS = "SELECT key, address FROM subscriber";
    SUBSCRIBER_REMOVE = "DELETE FROM subscriber WHERE id = ?1";

    // ---- the erased ----

    ERASED_SALTS = "SELECT DISTINCT salt FROM erased";
    ERASED_HAS = "SELECT 1 FROM erased WHERE salt = ?1 AND hash = ?2";
    ERASED_ADD = "INSERT INTO erased (salt, hash, subscriber, held) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET subscriber = coalesce(excluded.subscriber, subscriber),
            held = coalesce(excluded.held, held)";
    ERASED_ABSORB = "INSERT OR IGNORE INTO erased (salt, hash) VALUES (?1, ?2)";
    ERASED_ALL = "SELECT salt, hash FROM erased ORDER BY salt, hash";
    DELIVERIES_SCRUB = "UPDATE delivery
        SET text = CASE WHEN text IS NOT NULL THEN '' END, note = NULL, message_id = NULL
        WHERE mailing IN (SELECT id FROM mailing) AND subscriber = ?1";
    DELIVERIES_SKIP = "UPDATE delivery SET state = 6, note = ?2, at = ?3
        WHERE mailing IN (SELECT id FROM mailing) AND subscriber = ?1 AND state < 2";
    ATTEMPTS_SCRUB = "DELETE FROM attempt
        WHERE mailing IN (SELECT id FROM mailing) AND subscriber = ?1";

    // ---- suppressions ----

    SUPPRESSION = "SELECT reason, at, note FROM suppression WHERE key = ?1";
    SUPPRESSION_ANY = "SELECT EXISTS (SELECT 1 FROM suppression)";
    SUPPRESS = "INSERT OR REPLACE INTO suppression (key, address, reason, at, note)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    LIFT = "DELETE FROM suppression WHERE key = ?1 RETURNING reason";
    DOMAIN = "SELECT reason, at, note FROM suppressed_domain WHERE domain = ?1";
    DOMAIN_SUPPRESS = "INSERT OR REPLACE INTO suppressed_domain (domain, reason, at, note)
        VALUES (?1, ?2, ?3, ?4)";
    DOMAIN_LIFT = "DELETE FROM suppressed_domain WHERE domain = ?1 RETURNING reason";
    DOMAIN_ANY = "SELECT EXISTS (SELECT 1 FROM suppressed_domain)";
    SUPPRESSIONS = "SELECT key AS place, address, reason, at, note FROM suppression
            WHERE key > ?1
        UNION ALL
        SELECT '@' || domain, '@' || domain, reason, at, note FROM suppressed_domain
            WHERE '@' || domain > ?1
        ORDER BY place LIMIT ?2";

    // ---- the public door ----

    SIGNUP_PUT = "INSERT INTO signup (tag, key, address, name, language, origin, network,
            asked_at, moves)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (key) DO UPDATE SET tag = excluded.tag, address = excluded.address,
            name = excluded.name, language = excluded.language, origin = excluded.origin,
            network = excluded.network, asked_at = excluded.asked_at,
            moves = coalesce(excluded.moves, moves)";
    SIGNUP = "SELECT tag, address, name, language, origin, network, asked_at, moves
        FROM signup WHERE tag = ?1";
    SIGNUPS = "SELECT tag, address, name, language, origin, network, asked_at, moves
        FROM signup WHERE key > ?1 ORDER BY key LIMIT ?2";
    SIGNUP_DROP = "DELETE FROM signup WHERE key = ?1";
    SIGNUP_FORGET = "DELETE FROM signup WHERE asked_at < ?1";
    SUBSCRIBER_RETURN = "UPDATE subscriber SET status = 1, origin = ?2, joined_at = ?3,
            joined_ip = ?4, confirmed_at = ?5, confirmed_ip = ?6, left_at = NULL,
            language = coalesce(?7, language), name = CASE WHEN ?8 = '' THEN name ELSE ?8 END
        WHERE id = ?1";
    SUBSCRIBER_REMOVE_KEY = "DELETE FROM subscriber WHERE key = ?1";
    LIFTED = "SELECT at FROM lifted WHERE key = ?1";
    LIFTED_PUT = "INSERT OR REPLACE INTO lifted (key, at) VALUES (?1, ?2)";
    LIFTED_ERASE = "DELETE FROM lifted WHERE key = ?1";
    ERASED_HELD = "SELECT held FROM erased WHERE salt = ?1 AND hash = ?2";
    ERASED_DROP = "DELETE FROM erased WHERE salt = ?1 AND hash = ?2";
    NOTICE_COUNT = "SELECT count(*) FROM notice";
    NOTICE_PUT = "INSERT INTO notice (kind, key, address, language, made_at, due)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5)
        ON CONFLICT (kind, key) DO UPDATE SET address = excluded.address,
            language = excluded.language, made_at = excluded.made_at";
    NOTICE_TAKE = "UPDATE notice SET due = ?2, attempts = attempts + 1
        WHERE id IN (SELECT id FROM notice WHERE due <= ?1 ORDER BY due LIMIT ?3)
        RETURNING id, kind, address, language, made_at, attempts";
    NOTICE_PUT_OFF = "UPDATE notice SET due = ?2 WHERE id = ?1";
    NOTICE_END = "DELETE FROM notice WHERE id = ?1";
    NOTICE_ERASE = "DELETE FROM notice WHERE key = ?1";

    // ---- what comes back ----

    SOFT_ADD = "INSERT OR IGNORE INTO soft_bounce (subscriber, message, at)
        VALUES (?1, ?2, ?3)";
    SOFT_DROP = "DELETE FROM soft_bounce WHERE subscriber = ?1 AND at < ?2";
    SOFT_COUNT = "SELECT count(*) FROM soft_bounce WHERE subscriber = ?1";
    SOFT_FORGET = "DELETE FROM soft_bounce WHERE subscriber = ?1";

    // ---- mailings ----

    MAILING_ID = "SELECT id FROM mailing WHERE issue = ?1";
    MAILING_ADD = "INSERT INTO mailing (issue, title, digest, filter, stage, why,
            confirmed_at, starts_at, changed_at)
        VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7, ?6)";
    CONTENT_ADD = "INSERT INTO content (mailing, bytes) VALUES (?1, ?2)";
    CONTENT = "SELECT bytes FROM content WHERE mailing = ?1";
    MAILINGS = "SELECT id, issue, title, digest, filter, stage, why, confirmed_at,
            starts_at, changed_at
        FROM mailing ORDER BY confirmed_at DESC, id DESC";
    MAILING_OF = "SELECT id, issue, title, digest, filter, stage, why, confirmed_at,
            starts_at, changed_at
        FROM mailing WHERE issue = ?1";
    STAGE = "SELECT stage FROM mailing WHERE id = ?1";
    STAGE_PUT = "UPDATE mailing SET stage = ?2, why = ?3, changed_at = ?4 WHERE id = ?1";
    CANCEL_OPEN = "UPDATE delivery SET state = 7, at = ?2 WHERE mailing = ?1 AND state < 2";
    TALLY = "SELECT sum(state = 0), sum(state = 1), sum(state = 2), sum(state = 3),
            sum(state = 4), sum(state = 5), sum(state = 6), sum(state = 7)
        FROM delivery WHERE mailing = ?1";
    NEXT_DUE = "SELECT due FROM delivery INDEXED BY delivery_live
        WHERE mailing = ?1 AND state < 3 AND state = 1 AND due > 0
        ORDER BY due LIMIT 1";
    // ?3 has the bit of each wanted state.
    DELIVERIES = "SELECT d.subscriber, s.address, d.state, d.attempts, d.code, d.enhanced,
            d.text, d.note, d.message_id, d.at, d.due
        FROM delivery d LEFT JOIN subscriber s ON s.id = d.subscriber
        WHERE d.mailing = ?1 AND d.subscriber > ?2 AND (?3 >> d.state) & 1
        ORDER BY d.subscriber LIMIT ?4";
    REOPEN = "UPDATE delivery
        SET state = CASE state WHEN 1 THEN 1 ELSE 0 END, due = ?2, first_attempt = NULL
        WHERE mailing = ?1 AND (?3 >> state) & 1";
    HISTORY = "SELECT m.issue, m.title, d.state, d.code, d.enhanced, d.text, d.at
        FROM mailing m CROSS JOIN delivery d ON d.mailing = m.id AND d.subscriber = ?1
        ORDER BY m.confirmed_at, m.id";
    LIMITS = "SELECT scope, state FROM limits ORDER BY scope";
    LIMIT_PUT = "INSERT OR REPLACE INTO limits (scope, state) VALUES (?1, ?2)";
    LIMIT_REMOVE = "DELETE FROM limits WHERE scope = ?1";

    // ---- the engine ----

    SENDING = "SELECT d.attempts, s.key
        FROM delivery d LEFT JOIN subscriber s ON s.id = d.subscriber
        WHERE d.mailing = ?1 AND d.subscriber = ?2 AND d.state = 2";
    // What nearly all deliveries come to: of the first try, to somebody who is there.
    ACCEPT = "UPDATE delivery SET state = 3, at = ?3, phase = ?4, code = ?5, enhanced = ?6,
            text = ?7, note = NULL
        WHERE mailing = ?1 AND subscriber = ?2 AND state = 2 AND attempts = 1
            AND EXISTS (SELECT 1 FROM subscriber WHERE id = ?2)";
    SENDING_ADDRESS = "SELECT address FROM subscriber WHERE id = ?1";
    ATTEMPT_KEEP = "INSERT INTO attempt (mailing, subscriber, number, at, phase, code,
            enhanced, text, note)
        SELECT mailing, subscriber, attempts - 1, at, phase, code, enhanced, text, note
        FROM delivery WHERE mailing = ?1 AND subscriber = ?2";
    FINISH = "UPDATE delivery SET state = ?3, at = ?4, phase = ?5, code = ?6, enhanced = ?7,
            text = ?8, note = ?9, due = coalesce(?10, due)
        WHERE mailing = ?1 AND subscriber = ?2";
    RETURN = "UPDATE delivery SET state = before, attempts = attempts - 1,
            at = CASE WHEN attempts > 1 THEN at ELSE ?3 END,
            first_attempt = CASE WHEN attempts > 1 THEN first_attempt END,
            message_id = CASE WHEN attempts > 1 THEN message_id END
        WHERE mailing = ?1 AND subscriber = ?2";
    CANCEL_RETURNED = "UPDATE delivery SET state = 7
        WHERE mailing = ?1 AND subscriber = ?2 AND state < 2
            AND (SELECT stage FROM mailing WHERE id = ?1) = 3";
    NEXT = "SELECT m.stage, d.state, s.status, x.reason, EXISTS (
                SELECT 1 FROM suppressed_domain
                WHERE domain = substr(s.key, instr(s.key, '@') + 1)),
            d.due
        FROM mailing m
            LEFT JOIN delivery d ON d.mailing = m.id AND d.subscriber = ?2
            LEFT JOIN subscriber s ON s.id = d.subscriber
            LEFT JOIN suppression x ON x.key = s.key
        WHERE m.id = ?1";
    // `at` is when the last try ended, until this one ends: `attempt` takes it over.
    START = "UPDATE delivery SET state = 2, before = ?3, attempts = attempts + 1,
            first_attempt = coalesce(first_attempt, ?4), at = coalesce(at, ?4), message_id = ?5
        WHERE mailing = ?1 AND subscriber = ?2";
    SKIP = "UPDATE delivery SET state = 6, at = ?3, note = ?4
        WHERE mailing = ?1 AND subscriber = ?2";
    INTERRUPTED = "SELECT mailing, subscriber, attempts FROM delivery INDEXED BY delivery_live
        WHERE state < 3 AND state = 2";
    DUE = "SELECT d.subscriber, d.due, d.attempts, d.first_attempt, s.address, s.name,
            s.language, s.attributes, s.provider
        FROM delivery d INDEXED BY delivery_live CROSS JOIN subscriber s ON s.id = d.subscriber
        WHERE d.mailing = ?1 AND d.state < 3 AND d.state < 2
            AND d.due <= ?2 AND (d.due, d.subscriber) > (?3, ?4)
        ORDER BY d.due, d.subscriber LIMIT ?5";
    FIRST_NEW = "SELECT subscriber FROM delivery INDEXED BY delivery_live
        WHERE mailing = ?1 AND state < 3 AND due = 0 ORDER BY subscriber LIMIT 1";
    DUE_NEW_OF = "SELECT d.subscriber, d.due, d.attempts, d.first_attempt, s.address, s.name,
            s.language, s.attributes, s.provider
        FROM subscriber s INDEXED BY subscriber_provider
            CROSS JOIN delivery d ON d.mailing = ?1 AND d.subscriber = s.id
        WHERE s.provider = ?2 AND s.id > ?3 AND d.state < 2 AND d.due = 0
        ORDER BY s.id LIMIT ?4";
    IS_SMALL = "SELECT count(*) < 5000 FROM (
            SELECT 1 FROM subscriber WHERE provider = ?1 LIMIT 5000)";
    DUE_TRIED_OF_SMALL = "SELECT d.subscriber, d.due, d.attempts, d.first_attempt, s.address,
            s.name, s.language, s.attributes, s.provider
        FROM subscriber s INDEXED BY subscriber_provider
            CROSS JOIN delivery d ON d.mailing = ?1 AND d.subscriber = s.id
        WHERE s.provider = ?2 AND d.state < 2
            AND d.due <= ?3 AND (d.due, d.subscriber) > (?4, ?5)
        ORDER BY d.due, d.subscriber LIMIT ?6";
    DUE_TRIED_OF_LARGE = "SELECT d.subscriber, d.due, d.attempts, d.first_attempt, s.address,
            s.name, s.language, s.attributes, s.provider
        FROM delivery d INDEXED BY delivery_live CROSS JOIN subscriber s ON s.id = d.subscriber
        WHERE d.mailing = ?1 AND d.state < 3 AND d.state < 2 AND s.provider = ?2
            AND d.due <= ?3 AND (d.due, d.subscriber) > (?4, ?5)
        ORDER BY d.due, d.subscriber LIMIT ?6";
}
