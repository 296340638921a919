//! Issue to HTML and plain text; sanitising; the template registry.

mod address;
mod anchors;
mod body;
mod escape;
mod fragment;
mod html;
mod labels;
mod linkify;
mod mail;
mod outline;
mod page;
mod pages;
mod raw;
mod table;
mod templates;
mod text;

pub use body::{body_html, feed_html, local_paths};
pub use fragment::{Addresses, FileAddress, Fragment, Hole, HoleKind, local_file};
pub use labels::{Labels, own_name};
pub use mail::{MailFrame, MailRequest, Parts, Personal, display_title, email, preheader};
pub(crate) use outline::is_cjk;
pub use page::{ContentsEntry, PageStyle, contents, page_html};
pub use pages::{
    FeedGroup, FeedLink, FeedsPage, IndexGroup, IndexPage, IndexRow, IssuePage, PageLink,
    RedirectPage, Site, TextPage, Translation,
};
pub use templates::Templates;
pub use text::{LinkPlace, TextStyle, text};
