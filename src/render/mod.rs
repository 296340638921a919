//! Issue to HTML and plain text; sanitising; the template registry.

mod fragment;

pub use fragment::{Addresses, FileAddress, Fragment, Hole, HoleKind};
