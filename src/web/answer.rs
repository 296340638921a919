//! Pages that speak to a person, in their language.

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::render::{AnswerForm, AnswerPage, Labels, PageLink, Site, Templates};
use crate::subscriber::{Address, Subscriber};
use crate::web::app::App;
use crate::web::words::{DoorWords, Words};

/// Whom a page speaks to.
pub(super) struct Reader {
    /// The language they read, or the newsletter's.
    language: String,
    /// The words of that language.
    pub(super) words: &'static Words,
    /// Those of the way in.
    pub(super) door: &'static DoorWords,
    /// Their address, as far as a page shows it.
    masked: String,
}

impl Reader {
    /// Somebody unknown.
    pub(super) fn unknown(app: &App) -> Reader {
        Reader::new(app.settings.newsletter.language.clone(), String::new())
    }

    /// A subscriber.
    pub(super) fn of(app: &App, subscriber: &Subscriber) -> Reader {
        Reader::at(app, &subscriber.address, subscriber.language.as_deref())
    }

    /// The owner of an address.
    pub(super) fn at(app: &App, address: &Address, language: Option<&str>) -> Reader {
        let language = language.unwrap_or(&app.settings.newsletter.language);
        Reader::new(language.to_owned(), masked(address))
    }

    fn new(language: String, masked: String) -> Reader {
        Reader {
            words: Words::of(&language),
            door: Words::of(&language).door,
            language,
            masked,
        }
    }

    /// The language they read.
    pub(super) fn language(&self) -> &str {
        &self.language
    }
}

fn in_html(status: StatusCode, html: Bytes) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], html).into_response()
}

/// `a…@e….org`: enough to know one's own address, too little to mail to. Mail is
/// forwarded, and its links with it.
fn masked(address: &Address) -> String {
    let first = |text: &str| text.chars().next().unwrap_or('…');
    let domain = address.domain();
    let end = domain.rsplit('.').next().unwrap_or_default();
    format!("{}…@{}….{end}", first(address.local()), first(domain))
}

impl App {
    /// Somebody who comes from a page in one of the newsletter's languages.
    pub(super) fn reader_of(&self, language: Option<&str>) -> Reader {
        let languages = self.languages();
        let known = language.and_then(|wanted| languages.into_iter().find(|one| one == wanted));
        match known {
            Some(language) => Reader::new(language, String::new()),
            None => Reader::unknown(self),
        }
    }

    /// A page that says something to `reader`.
    pub(super) fn page(
        &self,
        reader: &Reader,
        status: StatusCode,
        title: &str,
        text: &[&str],
        forms: Vec<AnswerForm>,
    ) -> Response {
        let mut page = self.answer(reader, title, text);
        page.forms = forms;
        self.written(status, page)
    }

    /// The same before it is written: forms and links may be added.
    pub(super) fn answer(&self, reader: &Reader, title: &str, text: &[&str]) -> AnswerPage {
        let newsletter = self.settings.newsletter.in_language(&reader.language);
        let said = |text: &str| {
            text.replace("{address}", &reader.masked)
                .replace("{newsletter}", &newsletter.title)
        };
        AnswerPage {
            title: said(title),
            language: reader.words.language.to_owned(),
            text: text.iter().copied().map(said).collect(),
            site: Site {
                title: newsletter.title.clone(),
                description: newsletter.description.clone(),
                language: reader.words.language.to_owned(),
                home_url: newsletter.url.to_string(),
                subscribe_url: self.door.as_ref().map(|_| self.way_in(reader).url),
                style_url: format!("{}style.css", self.base()),
                logo_url: self.settings.look.logo.as_ref().map(ToString::to_string),
                address: newsletter.address.clone(),
                ..Site::default()
            },
            ..AnswerPage::default()
        }
    }

    /// A page, written.
    pub(super) fn written(&self, status: StatusCode, page: AnswerPage) -> Response {
        in_html(status, self.html(page).into())
    }

    /// The page for whoever comes when too many did. It is made once: a flood is no
    /// time for work.
    pub(super) fn crowded(&self) -> Response {
        let page = self.crowded.get_or_init(|| {
            let reader = Reader::unknown(self);
            let words = reader.door;
            let page = self.answer(&reader, words.many_title, &[words.many_text]);
            self.html(page).into()
        });
        in_html(StatusCode::TOO_MANY_REQUESTS, page.clone())
    }

    fn html(&self, page: AnswerPage) -> String {
        self.templates.answer_page(&page).unwrap_or_else(|finding| {
            // The way out does not depend on a sound template of the editor's.
            (self.log)(&format!("error=\"{}\"", finding.code));
            let built_in = Templates::default().answer_page(&page);
            built_in.unwrap_or(page.title)
        })
    }

    /// The way to the archive.
    pub(super) fn home(&self, reader: &Reader) -> PageLink {
        PageLink {
            title: reader.door.archive.to_owned(),
            url: self.settings.newsletter.url.to_string(),
        }
    }

    /// The way to the form.
    pub(super) fn way_in(&self, reader: &Reader) -> PageLink {
        let own = &self.settings.newsletter.language;
        let mut url = format!("{}subscribe", self.base());
        if reader.language != *own && self.languages().contains(&reader.language) {
            url.push_str(&format!("?lang={}", reader.language));
        }
        PageLink {
            title: reader.door.subscribe.to_owned(),
            url,
        }
    }

    /// The page for whoever has no token of ours.
    pub(super) fn no_token(&self) -> Response {
        let reader = Reader::unknown(self);
        let words = reader.words;
        let text = [words.unknown_text];
        self.page(
            &reader,
            StatusCode::NOT_FOUND,
            words.unknown_title,
            &text,
            Vec::new(),
        )
    }

    /// The page for a token of ours that belongs to nobody here.
    pub(super) fn nobody(&self) -> Response {
        let reader = Reader::unknown(self);
        let words = reader.words;
        let text = [words.nobody_text];
        self.page(
            &reader,
            StatusCode::NOT_FOUND,
            words.unknown_title,
            &text,
            Vec::new(),
        )
    }

    /// The page for a request that could not be read.
    pub(super) fn refused(&self, status: StatusCode) -> Response {
        let reader = Reader::unknown(self);
        let words = reader.words;
        let text = [words.unknown_text];
        self.page(&reader, status, words.trouble_title, &text, Vec::new())
    }

    /// The page for when the store does not answer. Mail programs ask again.
    pub(super) fn out_of_order(&self, error: &crate::store::Error) -> Response {
        self.trouble(error);
        let reader = Reader::unknown(self);
        let words = reader.words;
        let text = [words.trouble_text];
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = self.page(&reader, status, words.trouble_title, &text, Vec::new());
        let soon = HeaderValue::from_static("120");
        response.headers_mut().insert(header::RETRY_AFTER, soon);
        response
    }

    /// The page for an address at which there is nothing.
    pub(super) fn missing(&self) -> Response {
        let reader = Reader::unknown(self);
        let labels = Labels::of(reader.words.language);
        let mut page = self.answer(&reader, labels.no_page, &[labels.no_page_text]);
        page.links = vec![self.home(&reader)];
        self.written(StatusCode::NOT_FOUND, page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_shows_two_letters_and_the_end() {
        let shown = |address: &str| masked(&Address::parse(address).unwrap());
        assert_eq!(shown("ada@mail.example.org"), "a…@m….org");
        assert_eq!(shown("b@example.net"), "b…@e….net");
    }
}
