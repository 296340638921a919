-- Messages that came back because of a passing trouble, once each.
CREATE TABLE soft_bounce (
    subscriber INTEGER NOT NULL,
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (subscriber, message)
) STRICT, WITHOUT ROWID;
