-- Times are milliseconds since 1970. States, stages and reasons are the numbers
-- of code.rs. `key` is an address in lower case.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the id of somebody who was erased goes to nobody else.
CREATE TABLE subscriber (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
    language TEXT,
    edition TEXT,
    edition_until INTEGER,
    tags TEXT NOT NULL,
    attributes TEXT NOT NULL,
    origin TEXT NOT NULL,
    joined_at INTEGER,
    joined_ip TEXT,
    confirmed_at INTEGER,
    confirmed_ip TEXT,
    left_at INTEGER
) STRICT;
CREATE INDEX subscriber_provider ON subscriber (provider);

-- Whoever was erased: SHA-256 of salt and key, the id they had, and a reason of
-- before that their own opt-in would not lift.
CREATE TABLE erased (
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    subscriber INTEGER,
    held INTEGER,
    PRIMARY KEY (salt, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE suppression (
    key TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 4),
    at INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE suppressed_domain (
    domain TEXT PRIMARY KEY,
    reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 4),
    at INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    digest TEXT NOT NULL,
    filter TEXT NOT NULL,
    stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 4),
    why TEXT NOT NULL,
    confirmed_at INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE content (
    mailing INTEGER PRIMARY KEY REFERENCES mailing (id),
    bytes BLOB NOT NULL
) STRICT;

-- One row for each recipient of a mailing, for ever. `subscriber` refers to
-- nothing on purpose: it outlasts an erasure. `due` is 0 until the first try.
-- `before` is the open state that a row had before it was `sending`.
CREATE TABLE delivery (
    mailing INTEGER NOT NULL REFERENCES mailing (id),
    subscriber INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 7),
    before INTEGER NOT NULL DEFAULT 0 CHECK (before BETWEEN 0 AND 1),
    due INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt INTEGER,
    at INTEGER,
    phase INTEGER,
    code INTEGER,
    enhanced INTEGER,
    text TEXT,
    note TEXT,
    message_id TEXT,
    PRIMARY KEY (mailing, subscriber)
) STRICT, WITHOUT ROWID;

-- Pending, deferred and sending. As neither the state nor anything else that
-- changes when a try begins is in it, only the end of a try writes here.
CREATE INDEX delivery_live ON delivery (mailing, due, subscriber) WHERE state < 3;

-- How earlier tries of a delivery ended; the last one's end is in its row.
CREATE TABLE attempt (
    mailing INTEGER NOT NULL REFERENCES mailing (id),
    subscriber INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER,
    phase INTEGER,
    code INTEGER,
    enhanced INTEGER,
    text TEXT,
    note TEXT,
    PRIMARY KEY (mailing, subscriber, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits (
    scope TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
