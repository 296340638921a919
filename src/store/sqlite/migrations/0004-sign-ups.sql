-- Who asked for the newsletter, or to have it at this address, and has not
-- confirmed it: nobody's subscription yet. `tag` is the one in the link that was
-- mailed; `moves` is the subscriber who wants to move here.
CREATE TABLE signup (
    tag BLOB PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT,
    origin TEXT NOT NULL,
    network TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    moves INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX signup_asked ON signup (asked_at);

-- Messages of the server's own that are still to be sent: one of each kind to an
-- address at most. Gone once they are sent or given up.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),
    key TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT,
    made_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX notice_due ON notice (due);

-- When an opt-in last lifted that an address had bounced.
CREATE TABLE lifted (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
