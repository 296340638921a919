//! Issue to HTML and plain text; sanitising; the template registry.

mod address;
mod anchors;
mod body;
mod escape;
mod fragment;
mod html;
mod linkify;
mod raw;
mod table;

pub use body::{body_html, feed_html, local_paths};
pub use fragment::{Addresses, FileAddress, Fragment, Hole, HoleKind};
