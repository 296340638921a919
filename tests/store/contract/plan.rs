//! Who gets a mailing.
