use url::Url;

use crate::email::tests::{
    HTML, SUBJECT, TEXT, ada, attempt, edition, frame, key, letter, moment, newsletter,
};
use crate::email::{Composition, Content, Edition, Settings, WayOut, check};
use crate::newsletter::Newsletter;

fn codes(change: impl FnOnce(&mut Content, &mut Newsletter)) -> Vec<&'static str> {
    let (mut content, mut newsletter) = (letter(Some(&key())).content, newsletter());
    change(&mut content, &mut newsletter);
    let edition = Edition {
        newsletter,
        ..edition("en", frame(SUBJECT, HTML, TEXT))
    };
    let composition = attempt(&Settings::default(), vec![edition]).unwrap();
    let letter = composition.letter(Some(&key()), None, &ada()).unwrap();
    check(&letter.message, &content, &letter.links)
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

#[test]
fn a_sound_message_has_no_findings() {
    assert_eq!(codes(|_, _| {}), [""; 0]);
}

#[test]
fn checks_find_what_receivers_would() {
    type Change = fn(&mut Content, &mut Newsletter);
    let cases: [(&str, &str, Change); 14] = [
        ("empty-subject", "subject", |content, _| {
            content.subject = " ".into()
        }),
        ("long-subject", "subject", |content, _| {
            content.subject = "é".repeat(101)
        }),
        ("reply-subject", "subject", |content, _| {
            content.subject = "Re: hello".into()
        }),
        ("leftover-template", "subject", |content, _| {
            content.subject = "Hi {{name}}".into()
        }),
        ("mail-too-large", "html", |content, _| {
            content.html += &"x ".repeat(51_000)
        }),
        ("mail-nearly-too-large", "html", |content, _| {
            content.html += &"x ".repeat(46_000)
        }),
        ("empty-part", "text", |content, _| {
            content.text = "\n".into()
        }),
        ("no-visible-unsubscribe", "text", |content, _| {
            content.text = "Hello".into()
        }),
        ("mail-link-without-scheme", "html", |content, _| {
            content.html += "<a class=\"x\" href=\"www.example.com\">";
        }),
        ("mail-local-image", "html", |content, _| {
            content.html += "<img alt=\"\" src=\"a.png\">";
        }),
        ("mail-local-image", "html", |content, _| {
            content.html += "<img src=\"data:image/png;base64,AA\">";
        }),
        ("mail-http-image", "html", |content, _| {
            content.html += "<img src=\"http://example.com/a.png\">";
        }),
        ("address-as-name", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().name = "me@example.org".into();
        }),
        ("no-reply", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().address = "no-reply@example.org".into();
        }),
    ];
    for (code, part, change) in cases {
        assert_eq!(codes(change), [code], "{part}");
    }
}

#[test]
fn a_server_without_https_has_no_one_click() {
    let server = Url::parse("http://news.example.org/").unwrap();
    let editions = vec![edition("en", frame(SUBJECT, HTML, TEXT))];
    let settings = Settings::default();
    let way_out = WayOut::OneClick;
    let composition =
        Composition::new(&settings, "7", "", editions, &server, moment(), way_out).unwrap();
    let letter = composition.letter(Some(&key()), None, &ada()).unwrap();
    let found = check(&letter.message, &letter.content, &letter.links);
    assert_eq!(found[0].code, "missing-one-click");
}

#[test]
fn anchors_and_good_links_are_left_alone() {
    let good = "<a href=\"#top\"></a><a href='x'></a><abbr href=\"x\"></abbr>\
                <a href=\"mailto:a@example.org\"></a><a name=\"x\"></a><a \
                title=\"a > b\" href=\"https://example.com/\"></a>";
    assert_eq!(codes(|content, _| content.html += good), [""; 0]);
}
