use url::Url;

use crate::email::tests::{
    HTML, SUBJECT, TEXT, ada, attempt, edition, frame, key, letter, moment, newsletter,
};
use crate::email::{Composition, Content, Edition, Settings, WayOut, check, check_design};
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
    let mut found = check(&letter.message, &content, &letter.links);
    found.extend(check_design(&content, &letter.links));
    let codes = found.iter().map(|diagnostic| diagnostic.code);
    codes.filter(|code| *code != "unsigned").collect()
}

#[test]
fn a_sound_message_has_no_findings() {
    assert_eq!(codes(|_, _| {}), [""; 0]);
}

#[test]
fn checks_find_what_receivers_would() {
    type Change = fn(&mut Content, &mut Newsletter);
    let cases: [(&str, &str, Change); 38] = [
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
            content.html += "<img alt=\"\" width=9 src=\"a.png\">";
        }),
        ("mail-local-image", "html", |content, _| {
            content.html += "<img alt=\"\" width=9 src=\"data:image/png;base64,AA\">";
        }),
        ("mail-http-image", "html", |content, _| {
            content.html += "<img alt=\"\" width=9 src=\"http://example.com/a.png\">";
        }),
        ("mail-unsafe-link", "html", |content, _| {
            content.html += "<a href=\"java\tscript:alert(1)\">x</a>";
        }),
        ("mail-unsafe-link", "html", |content, _| {
            content.html += "<a href=\"data:text/html,x\">x</a>";
        }),
        ("mail-image-without-alt", "html", |content, _| {
            content.html += "<img width=9 src=\"https://example.com/a.png\">";
        }),
        ("mail-image-without-width", "html", |content, _| {
            content.html += &"word ".repeat(100);
            content.text += &"word ".repeat(100);
            content.html += "<img alt=\"\" src=\"https://example.com/a.png\">";
        }),
        ("mail-mostly-images", "html", |content, _| {
            content.html += "<img alt=\"\" width=600 height=400 src=\"https://example.com/a.png\">";
        }),
        ("link-mismatch", "html", |content, _| {
            content.html += "<a href=\"https://evil.example.net/\">https://example.com/login</a>";
        }),
        ("link-mismatch", "html", |content, _| {
            content.html += "<a href=\"https://example.net/\"><b>x</b><br>Example.COM</a>";
        }),
        ("no-visible-unsubscribe", "html", |content, _| {
            content.html = content.html.replace(">Leave</a>", ">&nbsp;</a>");
        }),
        ("tracking-pixel", "html", |content, _| {
            content.html += "<img src=\"https://example.net/p.gif?x\" width=1 height=1 alt=\"\">";
        }),
        ("tracking-pixel", "html", |content, _| {
            content.html += "<img src=\"https://example.net/p\" style=\"display:none\">";
        }),
        ("tracking-pixel", "html", |content, _| {
            content.html += "<img src=\"https://example.net/p\" height=\"0px\">";
        }),
        ("hidden-content", "html", |content, _| {
            content.html += "<div style=\"display:none\">Preview &zwnj;</div>";
        }),
        ("hidden-content", "html", |content, _| {
            content.html += "<style>.h{font-size:0}</style><p><b class=\"g h\">Preview</b></p>";
        }),
        ("active-content", "html", |content, _| {
            content.html += "<script>alert(1)</script>";
        }),
        ("active-content", "html", |content, _| {
            content.html += "<p onclick=\"x()\">x</p>";
        }),
        ("active-content", "html", |content, _| {
            content.html += "<meta http-equiv=Refresh content=0>";
        }),
        ("mail-headings", "html", |content, _| {
            content.html += "<h1>x</h1><h1>y</h1>";
        }),
        ("mail-headings", "html", |content, _| {
            content.html += "<h1>x</h1><h3>y</h3>";
        }),
        ("mail-unsupported-css", "html", |content, _| {
            content.html += "<p style=\"float:left\">x</p>";
        }),
        ("mail-unsupported-html", "html", |content, _| {
            content.html += "<p hidden=hidden></p>";
        }),
        ("text-lacks-words", "text", |content, _| {
            content.html += "<p>Ten words that the text does not have at all</p>";
        }),
        ("text-lacks-links", "text", |content, _| {
            content.html += &"<a href=\"https://example.com/a?b=1&amp;c\"><br></a>".repeat(3);
        }),
        ("html-in-text", "text", |content, _| {
            content.text += "<p class=\"x\">";
        }),
        ("html-in-text", "text", |content, _| {
            content.text += "Fish &amp; chips";
        }),
        ("mail-mojibake", "text", |content, _| {
            content.text += "It ‚Äús damaged‚Äù";
        }),
        ("address-as-name", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().name = "me@example.org".into();
        }),
        ("emoji-in-name", "from", |_, newsletter| {
            newsletter.from.as_mut().unwrap().name = "Weekly 🎉".into();
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
    let good = "<a href=\"#top\"></a><a href=\"irc://irc.example.org/x\"></a><b href=\"x\"></b>\
                <a href=\"mailto:a@example.org\"></a><a name=\"x\"></a><a \
                title=\"a > b\" href=\"https://example.com/\"></a>";
    assert_eq!(codes(|content, _| content.html += good), [""; 0]);
}

#[test]
fn texts_of_links_that_name_no_other_site_are_left_alone() {
    for (text, address) in [
        ("https://example.com/…", "https://www.example.com/a/b"),
        ("blog.example.com", "https://example.com/blog"),
        ("Node.js", "https://nodejs.example.org/"),
        ("README.md", "https://example.org/README"),
        ("me@example.com", "https://example.org/"),
        ("example.com", "mailto:a@example.org"),
        ("see example.com today", "https://example.org/"),
        ("v1.2.3", "https://example.org/"),
    ] {
        let link = format!("<a href=\"{address}\">{text}</a>");
        assert_eq!(codes(|content, _| content.html += &link), [""; 0], "{text}");
    }
}

#[test]
fn anything_at_all_can_be_looked_at() {
    let letter = letter(Some(&key()));
    for piece in [
        "<a href='",
        "<style>p{",
        "<style>:",
        "<p style=\"a:-",
        "&#x",
        "</",
        "<h2",
        "é<",
        "{};@",
    ] {
        for end in ["", "é", "\"", ";", ">", "}", "<", "&;", "1.", "(", "/*"] {
            let mut content = letter.content.clone();
            content.html = format!("{piece}{end}{piece}{end}").repeat(3);
            let found = check_design(&content, &letter.links);
            assert!(found.iter().all(|one| !one.message.is_empty()));
        }
    }
}

#[test]
fn what_nobody_sees_for_want_of_text_is_not_hidden() {
    let empty = "<div style=\"display:none\"> &nbsp;\u{200c}</div>\
                 <style>@media (x){.h{display:none}}</style><p class=h>x</p>\
                 <title>x</title>";
    assert_eq!(codes(|content, _| content.html += empty), [""; 0]);
}

#[test]
fn the_html_is_weighed_as_it_is_sent() {
    let weighed = |filler: &str, count: usize| {
        let html = HTML.replace(
            "<p>",
            &format!("<h2>Links</h2>{}<h2>End</h2><p>", filler.repeat(count)),
        );
        let editions = vec![edition("en", frame(SUBJECT, &html, TEXT))];
        let composition = attempt(&Settings::default(), editions).unwrap();
        let letter = composition.letter(Some(&key()), None, &ada()).unwrap();
        let found = check(&letter.message, &letter.content, &letter.links);
        let large = found
            .into_iter()
            .find(|one| one.code.ends_with("too-large"));
        large.map(|one| (one.code, one.help.unwrap()))
    };
    assert_eq!(weighed("word ", 16_000), None);
    let (code, help) = weighed("word ", 18_500).unwrap();
    assert_eq!(code, "mail-nearly-too-large");
    assert!(
        help.contains("the largest sections: Links 99 %, End"),
        "{help}"
    );
    assert_eq!(weighed("word ", 21_000).unwrap().0, "mail-too-large");
    // Quoted-printable writes each of these octets as three.
    assert_eq!(
        weighed("é word words word ", 5_000).unwrap().0,
        "mail-too-large"
    );
}

#[test]
fn a_signature_must_speak_for_the_sender() {
    let letter = letter(Some(&key()));
    let told = |domain: Option<&str>| {
        let mut message = letter.message.clone();
        if let Some(domain) = domain {
            let field = format!("DKIM-Signature: v=1; a=rsa-sha256;\r\n\td={domain}; b=x=\r\n");
            message.bytes.splice(0..0, field.into_bytes());
        }
        let found = check(&message, &letter.content, &letter.links);
        let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
        codes.join(" ")
    };
    assert_eq!(told(None), "unsigned");
    assert_eq!(told(Some("example.org")), "");
    assert_eq!(told(Some("mail.example.org")), "");
    assert_eq!(told(Some("example.net")), "dkim-alignment");
}

#[test]
fn a_line_that_mail_does_not_allow_is_an_error() {
    let mut letter = letter(Some(&key()));
    let wide = format!("X-Wide: {}\r\n", "x".repeat(990));
    letter.message.bytes.splice(0..0, wide.bytes());
    let codes = |letter: &crate::email::Letter| {
        let found = check(&letter.message, &letter.content, &letter.links);
        found.iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&letter), ["unsigned"]);
    letter.message.bytes.splice(0..0, b"X".to_owned());
    assert_eq!(codes(&letter), ["line-too-long", "unsigned"]);
}
