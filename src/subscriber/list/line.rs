use crate::subscriber::address::{Address, AddressError};
use crate::subscriber::list::format::Format;
use crate::subscriber::person::Entry;
use crate::subscriber::suppression::Suppression;

/// A line of a list that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the file, from 1.
    pub number: u64,
    /// What it says.
    pub what: What,
    /// What of it was not understood, or not followed.
    pub remarks: Vec<Remark>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something to keep.
    Item(Item),
    /// Understood, and not to be taken in.
    Skipped(Skipped),
    /// Not understood.
    Bad(Bad),
}

/// What a list may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A person.
    Entry(Box<Entry>),
    /// An address that is nobody's subscription and never to be mailed.
    Suppressed(Address, Suppression),
    /// A domain whose addresses are never to be mailed.
    Domain(String, Suppression),
    /// Somebody who was erased: `salt:hash` in hexadecimal.
    Erased(String),
}

impl Item {
    /// The address, where it has one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Item::Entry(entry) => Some(&entry.subscriber.address),
            Item::Suppressed(address, _) => Some(address),
            Item::Domain(..) | Item::Erased(_) => None,
        }
    }
}

/// Why a line that was understood is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// The platform put it in the place of somebody who asked to be deleted.
    #[error("stands for somebody who asked to be deleted")]
    DeletionRequest,
}

/// Why a line was not understood. No address is in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// There is no address.
    #[error("there is no address")]
    NoAddress,
    /// It is no address.
    #[error("not a mail address: {0}")]
    Address(#[from] AddressError),
    /// What follows the `@` of a suppressed domain is no domain name.
    #[error("not a domain name")]
    Domain,
    /// It has more cells than there are columns.
    #[error("{found} cells, but there are {expected} columns")]
    Cells {
        /// How many it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// It ends before the cell that tells whether somebody left.
    #[error("ends before the column that says whether they left")]
    Short,
    /// It has more cells than anybody's list.
    #[error("more than {0} cells")]
    ManyCells(usize),
    /// It is larger than any line of a list.
    #[error("longer than {0} bytes")]
    Long(usize),
    /// A quoted cell is never closed.
    #[error("a quote is opened and never closed")]
    Unclosed,
    /// A line of NDJSON that is no JSON object.
    #[error("not a JSON object")]
    Json,
}

/// What of a line that was taken in was not understood, or not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// A status that nobody told us of: they are not mailed.
    #[error("the status \"{0}\" is not known: taken as not confirmed")]
    Status(String),
    /// A column that may say that they left: they are not mailed.
    #[error("\"{value}\" in the column {column} may mean that they left: taken as not confirmed")]
    Doubt {
        /// The column.
        column: String,
        /// What it says.
        value: String,
    },
    /// Not a time.
    #[error("the time in the column {0} is not understood")]
    Time(String),
    /// Not a JSON object.
    #[error("the attributes are not a JSON object")]
    Attributes,
    /// Not a language.
    #[error("\"{0}\" is no language tag")]
    Language(String),
    /// Another line of the list says that they left.
    #[error("another line says that they left: not confirmed here either")]
    LeftElsewhere,
}

impl Remark {
    /// Whether all of the line was understood nevertheless.
    pub fn understood(&self) -> bool {
        matches!(self, Remark::LeftElsewhere)
    }
}

/// Why a file is no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// There is nothing in it.
    #[error("the list is empty")]
    Empty,
    /// No column holds addresses.
    #[error("no column of the list is named email, and its first line holds no address")]
    NoAddresses,
    /// The first line is not like a header.
    #[error("the first line is no header of a list: {0}")]
    Header(#[source] Bad),
    /// A column without which the named format cannot be understood.
    #[error("a list of {} has a column {column}, this one has not", .format.name())]
    Missing {
        /// The format that was named.
        format: Format,
        /// The column.
        column: &'static str,
    },
    /// A JSON array.
    #[error("the list is one JSON array; one object a line is read")]
    Array,
    /// A zip archive or a spreadsheet, which is one.
    #[error("the list is a zip archive or a spreadsheet file, not CSV")]
    Archive,
}
