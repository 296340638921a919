//! Lists of subscribers as files: exports of other platforms, plain lists, our
//! own form.
//!
//! [`Reader`] takes bytes in pieces and gives lines; it holds one record at a
//! time. Which platform a list is from is told by its columns, and what a
//! status means by that platform's words. Three promises:
//!
//! - Nobody is mailable who is not said to be: a status that is not understood,
//!   or that the list does not tell, is [`Status::Pending`](crate::subscriber::Status).
//! - Who left, bounced, complained or was blocked comes with a suppression.
//! - A line that cannot be read is reported and stops nothing.
//!
//! [`Survey`] finds addresses that a list names more than once, so that an
//! opt-out anywhere in it wins. [`csv_line`] and [`json_line`] write what
//! [`Reader`] reads back as the same. Nothing here opens a file or a store.
//!
//! CSV is read as RFC 4180 says it, and more leniently: any line end, comma,
//! semicolon or tab, quotes anywhere.

mod columns;
mod decode;
mod draft;
mod format;
mod line;
mod reader;
mod records;
mod status;
mod survey;
mod values;
mod write;

#[cfg(test)]
mod tests;

pub use format::Format;
pub use line::{Bad, Item, Line, ListError, Remark, Skipped, What};
pub use reader::{Options, Reader};
pub use survey::{Repeats, Survey};
pub use values::language as language_tag;
pub use write::{CSV_HEADER, csv_line, json_line, json_object};
