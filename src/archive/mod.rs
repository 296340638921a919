//! All files of a build: pages, index, seasons, redirects, sitemap, what hosts and
//! robots look for, images, style sheet, feeds.
//!
//! It goes in two steps, so that the text of an issue is read, parsed and
//! rendered once and can be let go before the next. [`prepare`] turns one file
//! into a [`Manuscript`]: facts and finished HTML whose relative addresses are
//! open. When all are there and `identity` has said who is who, [`Plan::new`]
//! settles addresses and order, and gives out the files one by one.
//!
//! Not here: reading and writing files, the clock, threads.

mod edition;
mod entries;
mod feeds;
mod hosts;
mod image;
mod manuscript;
mod pages;
mod plan;
mod season;
mod series;
mod sitemap;
mod title;

pub use image::{Image, is_image_path};
pub use manuscript::{
    ImageUse, Manuscript, Wanted, content, local_images, prepare, prepare_page, texts,
};
pub use plan::{Also, Carried, File, Inputs, Plan, Settings, Tree};
pub use series::{FeedKind, PlannedFeed};
