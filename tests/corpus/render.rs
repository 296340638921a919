//! Every real issue, rendered: clean HTML, absolute addresses, whole text,
//! light mail.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use letterpress::issue::{Issue, Reader, Settings};
use letterpress::newsletter::Newsletter;
use letterpress::render::{
    self, Addresses, MailRequest, PageStyle, Personal, Templates, TextStyle,
};
use scraper::{Html, Selector};
use url::Url;

fn addresses() -> Addresses {
    Addresses {
        page: Url::parse("https://example.org/issues/1/").unwrap(),
        files: std::sync::Arc::default(),
        folder: "issues".to_owned(),
    }
}

fn newsletter() -> Newsletter {
    Newsletter {
        title: "Example Weekly".to_owned(),
        description: String::new(),
        url: Url::parse("https://example.org/").unwrap(),
        language: "en".to_owned(),
        time_zone: chrono_tz::UTC,
        author: String::new(),
        from: None,
        reply_to: None,
        address: "1 Example Street, Example".to_owned(),
        list_id: "weekly.example.org".to_owned(),
        languages: BTreeMap::new(),
    }
}

fn personal() -> Personal {
    Personal {
        name: "Ada".to_owned(),
        address: "ada@example.org".to_owned(),
        unsubscribe: "https://example.org/unsubscribe/token".to_owned(),
        preferences: "https://example.org/preferences/token".to_owned(),
        ..Personal::default()
    }
}

fn each(check: impl Fn(&str, &Issue<'_>)) {
    let reader = Reader::new(Settings::default()).unwrap();
    for (path, bytes) in crate::corpus::issues() {
        let text = reader.decode(&path, &bytes);
        let (issue, _) = reader.parse(&text);
        check(&path, &issue);
    }
}

fn mail(issue: &Issue<'_>) -> render::Parts {
    let summary = issue.summary();
    let language = issue.language.clone().unwrap_or_else(|| "en".to_owned());
    let request = MailRequest {
        issue,
        summary: &summary,
        newsletter: &newsletter(),
        addresses: &addresses(),
        language: &language,
        date: summary.date.map(|date| (date.date, date.precision)),
        subscribe: Some("https://example.org/subscribe"),
        has_preferences: true,
        linkify: true,
        look: &render::Look::default(),
        text: TextStyle::default(),
        optional: &[],
    };
    let frame = render::email(&Templates::default(), &request).unwrap();
    frame.fill(&personal()).unwrap()
}

fn assert_clean(path: &str, html: &str) {
    let lower = html.to_lowercase();
    for forbidden in [
        "<script",
        "<!--",
        "<iframe",
        "<form",
        "javascript:",
        "\u{1}",
        "\u{2}",
    ] {
        assert!(!lower.contains(forbidden), "{path}: {forbidden}");
    }
    let parsed = Html::parse_document(html);
    for (selector, attribute) in [("[href]", "href"), ("[src]", "src")] {
        for element in parsed.select(&Selector::parse(selector).unwrap()) {
            let address = element.value().attr(attribute).unwrap();
            let absolute = ["https:", "http:", "mailto:", "tel:", "ftp:", "irc"];
            assert!(
                absolute
                    .iter()
                    .any(|scheme| address.to_lowercase().starts_with(scheme)),
                "{path}: {attribute}={address:?}"
            );
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[test]
fn feed_and_page_are_clean_and_whole() {
    each(|path, issue| {
        let feed = render::feed_html(issue).resolve(&addresses());
        assert_clean(path, &feed);
        let language = issue.language.as_deref().unwrap_or("en");
        let style = PageStyle {
            language,
            linkify: true,
        };
        let page = render::page_html(issue, &style).resolve(&addresses());
        assert_clean(path, &page);
        let links = |html: &str| -> BTreeSet<String> {
            Html::parse_fragment(html)
                .select(&Selector::parse("a[href]").unwrap())
                .map(|link| link.value().attr("href").unwrap().to_owned())
                .filter(|link| !link.starts_with("https://example.org/issues/1/#"))
                .collect()
        };
        let missing: Vec<_> = links(&feed).difference(&links(&page)).cloned().collect();
        assert!(missing.is_empty(), "{path}: the page lacks {missing:?}");
    });
}

#[test]
fn mail_is_clean_light_and_said_whole_in_text() {
    let heavy = RefCell::new(Vec::new());
    each(|path, issue| {
        let parts = mail(issue);
        assert_clean(path, &parts.html);
        let html = Html::parse_document(&parts.html);
        let body = html
            .select(&Selector::parse("body").unwrap())
            .next()
            .unwrap();
        let said: BTreeSet<String> = words(&parts.text).into_iter().collect();
        let shown = words(&body.text().collect::<Vec<_>>().join(" "));
        // Han text is one long word and is broken into lines: compare letters.
        let letters: BTreeSet<char> = parts.text.to_lowercase().chars().collect();
        let found = shown
            .iter()
            .filter(|word| {
                said.contains(*word)
                    || !word.is_ascii() && word.chars().all(|c| letters.contains(&c))
            })
            .count();
        let share = found as f64 / shown.len().max(1) as f64;
        assert!(
            share >= 0.9,
            "{path}: the text says {share:.2} of the words"
        );
        for link in html.select(&Selector::parse("a[href]").unwrap()) {
            let link = link.value().attr("href").unwrap();
            let bare = link.strip_prefix("mailto:").unwrap_or(link);
            assert!(parts.text.contains(bare), "{path}: the text lacks {link}");
        }
        let headings: Vec<u8> = html
            .select(&Selector::parse("h1,h2,h3,h4,h5,h6").unwrap())
            .map(|heading| heading.value().name().as_bytes()[1] - b'0')
            .collect();
        assert_eq!(
            headings.iter().filter(|&&level| level == 1).count(),
            1,
            "{path}"
        );
        for pair in headings.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{path}: {headings:?}");
        }
        let bare = render::feed_html(issue).resolve(&addresses()).len();
        let (weight, most) = (parts.html.len(), bare + bare / 4 + 8_000);
        if weight > most {
            heavy
                .borrow_mut()
                .push(format!("{path}: {weight} of {most}"));
        }
    });
    let heavy = heavy.into_inner();
    assert!(heavy.is_empty(), "too heavy:\n{}", heavy.join("\n"));
}
