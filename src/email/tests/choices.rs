//! Sections that readers leave out.

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use crate::diagnostic::SourceFile;
use crate::email::tests::{ada, attempt, edition, key, newsletter};
use crate::email::{Composition, Letter, Settings};
use crate::issue::{self, Reader};
use crate::render::{
    self, Addresses, Look, MailFrame, MailRequest, OptionalSection, Templates, TextStyle,
};
use crate::subscriber::{Recipient, WITHOUT_SECTIONS};

const ISSUE: &str = "\
# Bridges

An intro with a [link](https://intro.example.org/).

## Articles

1. [Stone](https://stone.example.org/) Old ones.
2. [Steel](https://steel.example.org/) New ones.

## Jobs 🔧

1. [Mason](https://mason.example.org/) In Porto.

### Abroad

1. [Rigger](https://rigger.example.org/) In Bergen.

## Events

1. [Opening](https://opening.example.org/) On Sunday.
";

fn optional() -> [OptionalSection; 2] {
    [("Jobs", "jobs vacancies"), ("Events", "events")].map(|(title, slugs)| OptionalSection {
        title: title.to_owned(),
        slugs: slugs.split(' ').map(str::to_owned).collect(),
    })
}

fn composed(optional: &[OptionalSection], overrides: &[(&str, &str)]) -> Composition {
    let reader = Reader::new(issue::Settings::default()).unwrap();
    let text = reader.decode("issues/7.md", ISSUE.as_bytes());
    let (issue, _) = reader.parse(&text);
    let sources: Vec<(String, SourceFile)> = overrides
        .iter()
        .map(|(name, text)| {
            (
                (*name).to_owned(),
                SourceFile::new(*name, (*text).to_owned()),
            )
        })
        .collect();
    let (templates, findings) = Templates::new(&sources);
    assert_eq!(findings, []);
    let frame = frame(&issue, &templates, optional);
    let settings = Settings::default();
    attempt(&settings, vec![edition("en", frame)]).unwrap()
}

fn frame(
    issue: &issue::Issue<'_>,
    templates: &Templates,
    optional: &[OptionalSection],
) -> MailFrame {
    let addresses = Addresses {
        page: Url::parse("https://news.example.org/issues/7/").unwrap(),
        files: Arc::new(BTreeMap::new()),
        folder: "issues".to_owned(),
    };
    let request = MailRequest {
        issue,
        summary: &issue.summary(),
        newsletter: &newsletter(),
        addresses: &addresses,
        language: "en",
        date: None,
        subscribe: None,
        has_preferences: true,
        linkify: true,
        look: &Look::default(),
        text: TextStyle::default(),
        optional,
    };
    render::email(templates, &request).unwrap()
}

/// Somebody who does without these.
fn without(sections: &str) -> Recipient {
    let mut recipient = ada();
    let name = WITHOUT_SECTIONS.to_owned();
    recipient.attributes.insert(name, sections.to_owned());
    recipient
}

fn letter(composition: &Composition, recipient: &Recipient) -> Letter {
    composition.letter(Some(&key()), None, recipient).unwrap()
}

/// Which of the links of the issue are in both parts of a letter.
fn links(letter: &Letter) -> Vec<&'static str> {
    let all = ["intro", "stone", "steel", "mason", "rigger", "opening"];
    let (html, text) = (&letter.content.html, &letter.content.text);
    let found = all.into_iter().filter(|name| {
        let url = format!("https://{name}.example.org/");
        assert_eq!(html.contains(&url), text.contains(&url), "{name}");
        html.contains(&url)
    });
    found.collect()
}

#[test]
fn a_reader_gets_the_sections_of_their_choice_and_counts_that_fit() {
    let composition = composed(&optional(), &[]);
    let all = letter(&composition, &ada());
    assert_eq!(links(&all).len(), 6);
    // The words of both parts, with the space that does not break as a character.
    let html = |letter: &Letter| letter.content.html.replace("&nbsp;", "\u{a0}");
    assert!(html(&all).contains("5\u{a0}links"), "{}", html(&all));
    assert!(html(&all).contains("1\u{a0}job"), "{}", html(&all));
    let fewer = letter(&composition, &without("jobs"));
    // What lies in a section goes with it.
    assert_eq!(links(&fewer), ["intro", "stone", "steel", "opening"]);
    for part in [&html(&fewer), &fewer.content.text, &fewer.preheader] {
        for gone in ["Jobs", "Abroad", "Mason", "🔧", "1\u{a0}job"] {
            assert!(!part.contains(gone), "{gone} is in {part}");
        }
    }
    assert!(html(&fewer).contains("3\u{a0}links"), "{}", html(&fewer));
    assert!(html(&fewer).contains(&fewer.preheader), "{}", html(&fewer));
    // Another name of the section, in any case, with others beside it.
    let named = letter(&composition, &without("Nothing, VACANCIES, Events"));
    assert_eq!(links(&named), ["intro", "stone", "steel"]);
    // What nobody may leave out comes all the same.
    let all_again = letter(&composition, &without("articles, intro"));
    assert_eq!(all_again.message.bytes, all.message.bytes);
}

#[test]
fn readers_of_the_same_choice_share_what_is_rendered() {
    let composition = composed(&optional(), &[]);
    let variant = |recipient: &Recipient| composition.variant(Some(&key()), recipient);
    assert_eq!(variant(&ada()), variant(&without("articles")));
    assert_eq!(variant(&without("jobs")), variant(&without("vacancies, x")));
    assert_ne!(variant(&without("jobs")), variant(&ada()));
    assert_ne!(variant(&without("jobs")), variant(&without("events")));
    let plain = composed(&[], &[]);
    assert_eq!(
        plain.variant(Some(&key()), &without("jobs")),
        plain.variant(Some(&key()), &ada())
    );
}

#[test]
fn what_is_frozen_makes_the_same_messages_for_every_choice() {
    let greeting = "{{#if recipient.name}}Dear {{recipient.name}}: {{/if}}{{issue.subject}}";
    for overrides in [&[][..], &[("email.subject.hbs", greeting)][..]] {
        let composition = composed(&optional(), overrides);
        let thawed = Composition::thaw(&composition.freeze()).unwrap();
        assert_eq!(thawed.digest(), composition.digest());
        for sections in ["", "jobs", "events", "jobs, events"] {
            let recipient = without(sections);
            assert_eq!(
                letter(&thawed, &recipient),
                letter(&composition, &recipient),
                "{sections}"
            );
        }
    }
}

#[test]
fn a_digest_says_what_may_be_left_out() {
    let digest = |optional: &[OptionalSection]| composed(optional, &[]).digest().to_owned();
    assert_eq!(digest(&optional()), digest(&optional()));
    assert_ne!(digest(&optional()), digest(&optional()[..1]));
    assert_ne!(digest(&optional()), digest(&[]));
}
