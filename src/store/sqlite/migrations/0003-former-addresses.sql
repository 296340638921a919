-- Addresses that a subscriber had before: links in mail sent there still mean
-- the same person. Gone with the person.
CREATE TABLE former (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber INTEGER NOT NULL,
    key TEXT NOT NULL
) STRICT;
CREATE INDEX former_subscriber ON former (subscriber);
