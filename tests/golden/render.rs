//! `render/NN-name.md` to HTML for feeds, page, mail and text.

use std::collections::BTreeMap;
use std::path::Path;

use letterpress::issue::{Precision, Reader, Settings};
use letterpress::newsletter::Newsletter;
use letterpress::render::{
    self, Addresses, FileAddress, MailRequest, PageStyle, Personal, Templates, TextStyle,
};
use snapbox::{Assert, Data, assert::DEFAULT_ACTION_ENV};
use url::Url;

pub(super) fn addresses() -> Addresses {
    let published = |url: &str, size| FileAddress {
        url: url.to_owned(),
        size,
    };
    Addresses {
        page: Url::parse("https://example.org/issues/4/").unwrap(),
        folder: "issues".to_owned(),
        files: std::sync::Arc::new(BTreeMap::from([
            (
                "issues/3.md".to_owned(),
                published("https://example.org/issues/3/", None),
            ),
            (
                "issues/a.png".to_owned(),
                published("https://example.org/files/a.png", Some((1016, 400))),
            ),
        ])),
    }
}

pub(super) fn newsletter() -> Newsletter {
    Newsletter {
        title: "Lantern Weekly".to_owned(),
        description: "Small tools, every Saturday.".to_owned(),
        url: Url::parse("https://example.org/").unwrap(),
        language: "en".to_owned(),
        time_zone: chrono_tz::UTC,
        author: "Ada Example".to_owned(),
        from: None,
        reply_to: None,
        address: "1 Example Street, Example".to_owned(),
        list_id: "lantern.example.org".to_owned(),
        languages: BTreeMap::new(),
    }
}

pub(super) fn personal() -> Personal {
    Personal {
        name: "Ada".to_owned(),
        address: "ada@example.org".to_owned(),
        unsubscribe: "https://example.org/unsubscribe/t?a=1&b=2".to_owned(),
        preferences: "https://example.org/preferences/t".to_owned(),
        ..Personal::default()
    }
}

#[test]
fn issues_are_rendered_as_on_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render");
    let reader = Reader::new(Settings::default()).unwrap();
    let mut cases: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let assert = Assert::new().action_env(DEFAULT_ACTION_ENV);
    for case in cases {
        let bytes = std::fs::read(&case).unwrap();
        let text = reader.decode("issues/4.md", &bytes);
        let (issue, _) = reader.parse(&text);
        let addresses = addresses();
        let mut summary = issue.summary();
        // Pinned, so that these files speak of rendering alone.
        summary.title = "Lantern Weekly #4 (2024-03-09)".to_owned();
        let newsletter = newsletter();
        let request = MailRequest {
            issue: &issue,
            summary: &summary,
            newsletter: &newsletter,
            addresses: &addresses,
            language: "en",
            date: Some(("2024-03-09".parse().unwrap(), Precision::Day)),
            subscribe: Some("https://example.org/subscribe"),
            has_preferences: true,
            linkify: true,
            look: &render::Look::default(),
            text: TextStyle::default(),
            optional: &[],
        };
        let frame = render::email(&Templates::default(), &request).unwrap();
        let parts = frame.fill(&personal()).unwrap();
        let style = PageStyle {
            language: "en",
            linkify: true,
        };
        let made = [
            ("html", render::feed_html(&issue).resolve(&addresses)),
            (
                "page.html",
                render::page_html(&issue, &style).resolve(&addresses),
            ),
            ("email.html", parts.html),
            ("txt", parts.text),
        ];
        for (extension, actual) in made {
            let path = case.with_extension(extension);
            assert.eq(actual, Data::read_from(&path, None).raw());
        }
    }
}
