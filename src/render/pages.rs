//! The pages of the archive as values, and their way through the templates.
//!
//! Who makes them (`archive`) knows all issues and addresses; here is only what
//! a page says. All addresses are absolute or rooted, all `_html` fields are
//! finished, clean HTML; everything else is plain text and escaped here.

use serde::Serialize;

use crate::diagnostic::Finding;
use crate::render::direction;
use crate::render::labels::Labels;
use crate::render::page::ContentsEntry;
use crate::render::templates::{self, Templates};

/// What every page of one language shares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Name of the newsletter.
    pub title: String,
    /// One sentence that says what it is; may be empty.
    pub description: String,
    /// Language of the pages.
    pub language: String,
    /// Address of the index.
    pub home_url: String,
    /// Address of the page of feeds, where there is one.
    pub feeds_url: Option<String>,
    /// Where to subscribe, where one can.
    pub subscribe_url: Option<String>,
    /// Address of the style sheet.
    pub style_url: String,
    /// Address of a logo that stands in place of the title.
    pub logo_url: Option<String>,
    /// Feeds for autodiscovery.
    pub feeds: Vec<FeedLink>,
    /// Further pages, such as privacy.
    pub pages: Vec<PageLink>,
    /// Postal address; may be empty.
    pub address: String,
}

/// A feed of the newsletter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedLink {
    /// What it is called.
    pub title: String,
    /// Media type, such as `application/atom+xml`.
    pub media_type: String,
    /// Name of its format for people, such as `Atom`.
    pub format: String,
    /// Its address.
    pub url: String,
}

/// A link to another page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageLink {
    /// What it is called.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// The same page in another language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// Tag of the language.
    pub language: String,
    /// Name of the language in itself (see [`crate::render::own_name`]).
    pub name: String,
    /// Its address.
    pub url: String,
}

/// An issue of the archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IssuePage {
    /// What all pages share.
    pub site: Site,
    /// Title of the issue, less a trailing date in brackets
    /// (see [`crate::render::display_title`]).
    pub title: String,
    /// One sentence for search engines and shared links; may be empty.
    pub description: String,
    /// Language of the issue.
    pub language: String,
    /// Address of this page.
    pub url: String,
    /// Its date as `YYYY-MM-DD`, or empty.
    pub date: String,
    /// Its date in words, or empty.
    pub date_words: String,
    /// `33 links` in the issue's language, or empty
    /// (see [`Labels::count_of_links`]).
    pub link_words: String,
    /// The same issue in other languages.
    pub translations: Vec<Translation>,
    /// Sections for the list of contents (see [`crate::render::contents`]).
    pub contents: Vec<ContentsEntry>,
    /// The body (see [`crate::render::page_html`]), addresses filled in.
    pub body_html: String,
    /// The issue before.
    pub older: Option<PageLink>,
    /// The issue after.
    pub newer: Option<PageLink>,
    /// An image for shared links.
    pub image_url: Option<String>,
}

/// The list of all issues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexPage {
    /// What all pages share.
    pub site: Site,
    /// Address of this page.
    pub url: String,
    /// This page in other languages.
    pub translations: Vec<Translation>,
    /// Years, or seasons, newest first.
    pub groups: Vec<IndexGroup>,
}

/// A year or a season of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexGroup {
    /// Its heading, such as `2023` or `2023 · Season 1`.
    pub title: String,
    /// Address of its page, of a season.
    pub url: Option<String>,
    /// Its issues, newest first.
    pub rows: Vec<IndexRow>,
}

/// One issue in the index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexRow {
    /// Number of the issue.
    pub number: Option<u64>,
    /// Its own title, else its first item titles.
    pub title: String,
    /// Language of the title, where it is not the page's.
    pub language: Option<String>,
    /// Its address.
    pub url: String,
    /// Its date as `YYYY-MM-DD`, or empty.
    pub date: String,
    /// Its date in words, or empty.
    pub date_words: String,
    /// Sections with how much they hold.
    pub sections: Vec<ContentsEntry>,
}

/// The items of some issues, gathered by section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeasonPage {
    /// What all pages share.
    pub site: Site,
    /// What the season is called, such as `Season 2`.
    pub title: String,
    /// The same with the newsletter's name, for the window.
    pub full_title: String,
    /// Address of this page.
    pub url: String,
    /// Its issues, oldest first.
    pub issues: Vec<PageLink>,
    /// Its sections for the list of contents.
    pub contents: Vec<ContentsEntry>,
    /// The body (see [`crate::render::season_html`]).
    pub body_html: String,
    /// The season before.
    pub older: Option<PageLink>,
    /// The season after.
    pub newer: Option<PageLink>,
}

/// A page that stands where something was before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RedirectPage {
    /// Language of the page.
    pub language: String,
    /// Title of what has moved.
    pub title: String,
    /// Where it is now, absolute.
    pub url: String,
}

/// A plain page, such as about or privacy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextPage {
    /// What all pages share.
    pub site: Site,
    /// Its title.
    pub title: String,
    /// Language of the text.
    pub language: String,
    /// Address of this page.
    pub url: String,
    /// The text, addresses filled in.
    pub body_html: String,
}

/// The page that shows all feeds to people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedsPage {
    /// What all pages share.
    pub site: Site,
    /// Address of this page.
    pub url: String,
    /// Feeds by what they hold.
    pub groups: Vec<FeedGroup>,
    /// Address of the list of all feeds as OPML, where there is one.
    pub opml_url: Option<String>,
}

/// The formats of one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedGroup {
    /// What the feed holds.
    pub title: String,
    /// Its emoji, if any.
    pub emoji: Option<String>,
    /// Whether it holds a part of what the group before it holds that has none.
    pub sub: bool,
    /// Its language, where that is not the page's.
    pub language: Option<String>,
    /// The feed in each format.
    pub feeds: Vec<FeedLink>,
}

/// What the server answers people: a few words and, where they can act, forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerPage {
    /// What all pages share.
    pub site: Site,
    /// What it says in one line.
    pub title: String,
    /// Language of its words.
    pub language: String,
    /// What was wrong with what was sent; may be empty.
    pub alert: String,
    /// Its paragraphs.
    pub text: Vec<String>,
    /// What can be done here.
    pub forms: Vec<AnswerForm>,
    /// Where to go from here.
    pub links: Vec<PageLink>,
}

/// A form of such a page: what it sends, and its button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerForm {
    /// Where it is sent, by POST.
    pub action: String,
    /// What there is to say before it; may be empty.
    pub text: String,
    /// What is sent with it.
    pub fields: Vec<AnswerField>,
    /// What is written into it.
    pub inputs: Vec<AnswerInput>,
    /// What is chosen in it.
    pub choices: Vec<AnswerChoice>,
    /// What is ticked in it.
    pub ticks: Option<AnswerTicks>,
    /// Name of a field that people do not see, and leave empty; may be empty.
    pub trap: String,
    /// What its button says.
    pub button: String,
    /// Whether its button is not the one that most people want here.
    pub quiet: bool,
    /// Whether its button does what cannot be taken back.
    pub grave: bool,
}

impl AnswerForm {
    /// Sends this with it.
    pub fn field(&mut self, name: &str, value: String) {
        let name = name.to_owned();
        self.fields.push(AnswerField { name, value });
    }
}

/// A line to write in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerInput {
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// Its kind in HTML, such as `email`.
    pub kind: String,
    /// What stands in it.
    pub value: String,
    /// What browsers may fill in, such as `email`.
    pub complete: String,
}

/// A value that a form sends with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A choice among some values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerChoice {
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What there is to choose.
    pub options: Vec<AnswerOption>,
}

/// One of the values of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerOption {
    /// The value.
    pub value: String,
    /// Tag of the language that it is called in; may be empty.
    pub language: String,
    /// What it is called.
    pub name: String,
    /// Whether it is the one of now.
    pub selected: bool,
}

/// Some values of which any number is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerTicks {
    /// Their name in the form.
    pub name: String,
    /// What they are called together.
    pub label: String,
    /// What there is to tick; `selected` is what is ticked now.
    pub options: Vec<AnswerOption>,
}

/// Stands for the body while a template is filled; no text of ours holds it, for
/// U+FDD0 is no character.
const BODY: &str = "\u{fdd0}body\u{fdd0}";

/// A page with the words of its language, and the way that runs.
#[derive(Serialize)]
struct Labelled<'a, T> {
    labels: &'static Labels,
    rtl: bool,
    page: &'a T,
}

impl Templates {
    /// The page of an issue.
    ///
    /// # Errors
    ///
    /// What is wrong with an overridden template, at its place; likewise for
    /// all other pages.
    pub fn issue_page(&self, page: IssuePage) -> Result<String, Box<Finding>> {
        // The body is most of the page. It is put in last, so that the templates
        // do not carry it through every partial.
        let mut frame = page;
        let body = std::mem::take(&mut frame.body_html);
        if body.is_empty() {
            return self.page("issue.html", &frame.language, &frame);
        }
        BODY.clone_into(&mut frame.body_html);
        let html = self.page("issue.html", &frame.language, &frame)?;
        Ok(html.replace(BODY, &body))
    }

    /// The list of all issues.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn index_page(&self, page: &IndexPage) -> Result<String, Box<Finding>> {
        self.page("index.html", &page.site.language, page)
    }

    /// The items of a season.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn season_page(&self, page: SeasonPage) -> Result<String, Box<Finding>> {
        let mut frame = page;
        let body = std::mem::replace(&mut frame.body_html, BODY.to_owned());
        let html = self.page("season.html", &frame.site.language, &frame)?;
        Ok(html.replace(BODY, &body))
    }

    /// A page that leads elsewhere.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn redirect_page(&self, page: &RedirectPage) -> Result<String, Box<Finding>> {
        self.page("redirect.html", &page.language, page)
    }

    /// A plain page.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn text_page(&self, page: &TextPage) -> Result<String, Box<Finding>> {
        self.page("text.html", &page.language, page)
    }

    /// The page of all feeds.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn feeds_page(&self, page: &FeedsPage) -> Result<String, Box<Finding>> {
        self.page("feeds.html", &page.site.language, page)
    }

    /// What the server answers people.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn answer_page(&self, page: &AnswerPage) -> Result<String, Box<Finding>> {
        self.page("answer.html", &page.language, page)
    }

    /// The page of a dry run, from its report.
    ///
    /// # Errors
    ///
    /// See [`Templates::issue_page`].
    pub fn outbox_page<T: Serialize>(&self, report: &T) -> Result<String, Box<Finding>> {
        self.html("outbox.html", report)
    }

    fn page<T: Serialize>(
        &self,
        name: &str,
        language: &str,
        page: &T,
    ) -> Result<String, Box<Finding>> {
        let labelled = Labelled {
            labels: Labels::of(language),
            rtl: direction::is_right_to_left(language),
            page,
        };
        self.html(name, &templates::cleaned(&labelled))
    }
}
