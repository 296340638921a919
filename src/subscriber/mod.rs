//! Whom the mail goes to, and the tokens by which they answer.
//!
//! An [`Address`] is checked once, here; everything below relies on it being
//! ASCII, without control characters and with a domain name that may stand in
//! an envelope. A [`Recipient`] is somebody taken into a mailing. Tokens are
//! signed, bound to one purpose and hold no state: whoever has the [`Key`] can
//! read them, also after a move or a restore.
//!
//! Nothing here knows where recipients are stored or how mail leaves.

mod address;
pub mod list;
mod name;
mod person;
mod proof;
mod recipient;
mod suppression;
mod token;

pub use address::{Address, AddressError};
pub use name::{clean_line, clean_name, without_turns};
pub use person::{
    Consent, Entry, Status, Subscriber, SubscriberId, WITHOUT_SECTIONS, flat_attributes,
};
pub use proof::{NONCE_HEADER, PROOF_HEADER, Proof};
pub use recipient::{ListError, Recipient};
pub use suppression::{Reason, Suppression};
pub use token::{Key, KeyError, Keys, Purpose, Tag, TokenError, fingerprint};
