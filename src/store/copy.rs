//! The tables of a store as another kind of store takes them over: same names,
//! same numbers, whatever the database.

use sha2::{Digest, Sha256};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, or nothing.
    Int,
    /// A text, or nothing.
    Text,
    /// Bytes, or nothing.
    Bytes,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A table, in the order of the columns that name its rows.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; those that name a row come first.
    pub columns: &'static [(&'static str, Kind)],
    /// How many name a row.
    pub keys: usize,
}

use Kind::{Bytes, Int, Text};

/// All that a store knows, besides what names it and its limits of the moment.
pub const TABLES: &[Table] = &[
    Table {
        name: "subscriber",
        columns: &[
            ("id", Int),
            ("key", Text),
            ("address", Text),
            ("provider", Text),
            ("name", Text),
            ("status", Int),
            ("language", Text),
            ("edition", Text),
            ("edition_until", Int),
            ("tags", Text),
            ("attributes", Text),
            ("origin", Text),
            ("joined_at", Int),
            ("joined_ip", Text),
            ("confirmed_at", Int),
            ("confirmed_ip", Text),
            ("left_at", Int),
        ],
        keys: 1,
    },
    Table {
        name: "erased",
        columns: &[
            ("salt", Bytes),
            ("hash", Bytes),
            ("subscriber", Int),
            ("held", Int),
        ],
        keys: 2,
    },
    Table {
        name: "suppression",
        columns: &[
            ("key", Text),
            ("address", Text),
            ("reason", Int),
            ("at", Int),
            ("note", Text),
        ],
        keys: 1,
    },
    Table {
        name: "suppressed_domain",
        columns: &[
            ("domain", Text),
            ("reason", Int),
            ("at", Int),
            ("note", Text),
        ],
        keys: 1,
    },
    Table {
        name: "mailing",
        columns: &[
            ("id", Int),
            ("issue", Text),
            ("title", Text),
            ("digest", Text),
            ("filter", Text),
            ("stage", Int),
            ("why", Text),
            ("confirmed_at", Int),
            ("starts_at", Int),
            ("changed_at", Int),
        ],
        keys: 1,
    },
    Table {
        name: "content",
        columns: &[("mailing", Int), ("bytes", Bytes)],
        keys: 1,
    },
    Table {
        name: "delivery",
        columns: &[
            ("mailing", Int),
            ("subscriber", Int),
            ("state", Int),
            ("due", Int),
            ("attempts", Int),
            ("first_attempt", Int),
            ("at", Int),
            ("phase", Int),
            ("code", Int),
            ("enhanced", Int),
            ("text", Text),
            ("note", Text),
            ("message_id", Text),
        ],
        keys: 2,
    },
    Table {
        name: "attempt",
        columns: &[
            ("mailing", Int),
            ("subscriber", Int),
            ("number", Int),
            ("at", Int),
            ("phase", Int),
            ("code", Int),
            ("enhanced", Int),
            ("text", Text),
            ("note", Text),
        ],
        keys: 3,
    },
    Table {
        name: "limits",
        columns: &[("scope", Text), ("state", Text)],
        keys: 1,
    },
    Table {
        name: "soft_bounce",
        columns: &[("subscriber", Int), ("message", Text), ("at", Int)],
        keys: 2,
    },
    Table {
        name: "signup",
        columns: &[
            ("tag", Bytes),
            ("key", Text),
            ("address", Text),
            ("name", Text),
            ("language", Text),
            ("origin", Text),
            ("network", Text),
            ("asked_at", Int),
            ("moves", Int),
        ],
        keys: 1,
    },
    Table {
        name: "notice",
        columns: &[
            ("id", Int),
            ("kind", Int),
            ("key", Text),
            ("address", Text),
            ("language", Text),
            ("made_at", Int),
            ("due", Int),
            ("attempts", Int),
        ],
        keys: 1,
    },
    Table {
        name: "lifted",
        columns: &[("key", Text), ("at", Int)],
        keys: 1,
    },
    Table {
        name: "former",
        columns: &[("id", Int), ("subscriber", Int), ("key", Text)],
        keys: 1,
    },
];

/// What names a store and tells its age: copied with it, for it is the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Its id.
    pub id: String,
    /// The salt of the hashes of those who were erased.
    pub salt: Vec<u8>,
    /// When the first subscriber came, in milliseconds since 1970.
    pub first_subscriber: Option<i64>,
}

impl Table {
    /// `a, b, c`.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The names of what names a row.
    pub(crate) fn key(&self) -> String {
        let names: Vec<&str> = self.columns[..self.keys]
            .iter()
            .map(|(name, _)| *name)
            .collect();
        names.join(", ")
    }
}

/// Sums up rows, to hold two stores against each other.
pub fn sum(hasher: &mut Sha256, rows: &[Vec<Cell>]) {
    for row in rows {
        for cell in row {
            match cell {
                Cell::Null => hasher.update([0]),
                Cell::Int(number) => {
                    hasher.update([1]);
                    hasher.update(number.to_be_bytes());
                }
                Cell::Text(text) => {
                    hasher.update([2]);
                    hasher.update((text.len() as u64).to_be_bytes());
                    hasher.update(text);
                }
                Cell::Bytes(bytes) => {
                    hasher.update([3]);
                    hasher.update((bytes.len() as u64).to_be_bytes());
                    hasher.update(bytes);
                }
            }
        }
    }
}
