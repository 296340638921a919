//! Reading the newsletter's folder and writing what was made of it.
//!
//! Promises: a file is replaced whole or not at all; one whose bytes did not
//! change is not touched; [`Output`] deletes only what it wrote itself and
//! overwrites nothing that it did not; nothing outside the folder is read
//! through a link; no file is read beyond its limit.
//!
//! Not here: what the files mean.

mod error;
mod maildir;
mod marks;
mod output;
mod pattern;
mod pieces;
mod read;
mod search;
mod space;
mod watch;
mod write;

pub use error::Error;
pub use maildir::Maildir;
pub use marks::Marks;
pub use output::{Output, Tally};
pub use pattern::Pattern;
pub use pieces::{Pieces, write_private};
pub use read::{read_beginning, read_if_there, read_limited};
pub use search::{Search, names_in, slashed};
pub use space::{free_space, is_exposed};
pub use watch::Watch;
pub use write::{Change, create_folder, write_durable, write_if_changed, write_new, write_secret};
