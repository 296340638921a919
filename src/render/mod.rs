//! Issue to HTML and plain text; sanitising; the template registry.

mod address;
mod anchors;
mod body;
mod escape;
mod fragment;
mod html;
mod labels;
mod linkify;
mod outline;
mod page;
mod raw;
mod table;
mod text;

pub use body::{body_html, feed_html, local_paths};
pub use fragment::{Addresses, FileAddress, Fragment, Hole, HoleKind};
pub use labels::{Labels, own_name};
pub use page::{ContentsEntry, PageStyle, contents, page_html};
pub use text::{LinkPlace, TextStyle, text};
