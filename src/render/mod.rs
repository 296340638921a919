//! Issue to HTML and plain text; sanitising; the template registry.
//!
//! One walk over the event stream for each of feed, page, mail and text, all
//! from the same ranges. HTML that leaves here is clean: no script, no form, no
//! handler, no comment, no address of a scheme that readers should not follow;
//! raw HTML of the text goes through ammonia, everything else never meets an
//! HTML parser. Relative addresses stay open in a [`Fragment`] until the
//! addresses of all issues are known.
//!
//! Not here: files, recipients' lists, headers of mail, the layout of folders.

mod accent;
mod address;
mod anchors;
mod body;
mod desk;
mod direction;
mod escape;
mod events;
mod flatten;
mod fragment;
mod html;
mod labels;
mod linkify;
mod mail;
mod notice;
mod outline;
mod page;
mod pages;
mod pieces;
mod raw;
mod season;
mod shared;
mod table;
mod templates;
mod text;

pub use accent::{Accent, AccentError, Look};
pub use body::{body_html, feed_html, local_paths};
pub use desk::{DESK_SCRIPT, DESK_STYLE, DeskPages};
pub(crate) use escape::first_unfit;
pub use fragment::{Addresses, FileAddress, Fragment, Hole, HoleKind, local_file};
pub use labels::{Labels, own_name};
pub(crate) use mail::{FrozenFrame, Place, Slotted, Variant, VariantKey, is_date, list_comma};
pub use mail::{
    MailFrame, MailRequest, OptionalSection, Parts, Personal, display_title, email, preheader,
    sections_left_out,
};
pub use notice::{NoticeRequest, Topic, notice};
pub use page::{ContentsEntry, PageStyle, contents, page_html, page_pieces};
pub use pages::{
    AnswerChoice, AnswerField, AnswerForm, AnswerInput, AnswerOption, AnswerPage, AnswerTicks,
    FeedGroup, FeedLink, FeedsPage, IndexGroup, IndexPage, IndexRow, IssuePage, PageLink,
    RedirectPage, SeasonPage, Site, TextPage, Translation,
};
pub use pieces::{FeedItems, FeedText, ItemLink, ItemPiece, SectionPiece, feed_items, feed_text};
pub use season::{PagePiece, SeasonItem, SeasonSection, season_html};
pub use shared::Html;
pub use templates::Templates;
pub(crate) use templates::Value;
pub use text::{LinkPlace, TextStyle, text};
