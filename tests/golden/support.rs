//! What our mail is made of, against the table of docs/mail-support.md and the data
//! that its checks have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use letterpress::issue::{Precision, Reader, Settings};
use letterpress::render::{self, Look, MailRequest, Templates, TextStyle};
use scraper::Html;
use url::Url;

use crate::golden::render::{addresses, newsletter, personal};

/// All that Markdown has: the blocks and scripts of the specimens of the judges,
/// but for their raw HTML, which is the editor's; notices, deleted items, items
/// without links.
fn issues() -> Vec<(&'static str, String)> {
    let read = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges");
        std::fs::read_to_string(folder.join(name)).unwrap()
    };
    let specimen: String = read("specimen.md")
        .lines()
        .filter(|line| !line.trim_start().starts_with('<'))
        .fold(String::new(), |all, line| all + line + "\n");
    let more = "\n## More 🌱\n\n> **Sponsor** this sheet\n\n1. ~~[Gone](https://example.org/gone)~~\n\n\
                2. Without a link\n\n#### Deep\n\n##### Deeper\n\n###### Deepest\n\nText.\n";
    let many = (0..400).fold("# Many\n\n## Links\n\n".to_owned(), |mut all, item| {
        let _ = writeln!(all, "1. [Item {item}](https://example.org/{item})\n");
        all
    });
    vec![
        ("en", specimen + more),
        ("ar", read("specimen-ar.md")),
        (
            "zh-Hans",
            "# 周刊\n\n1、[一](https://example.org/)\n".to_owned(),
        ),
        ("en", many),
    ]
}

/// The mails that are no issue, as their template has them, without what is filled in.
fn notice() -> String {
    let mut rest = include_str!("../../templates/notice.html.hbs");
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    // What the inliner is told, and takes out.
    (out + rest).replace(" data-css-inline=\"ignore\"", "")
}

fn mails() -> Vec<String> {
    let settings = Settings {
        promo_markers: vec!["Sponsor".to_owned()],
        ..Settings::default()
    };
    let reader = Reader::new(settings).unwrap();
    let look = Look {
        logo: Some(Url::parse("https://example.org/logo.png").unwrap()),
        ..Look::default()
    };
    let mut mails = Vec::new();
    for (language, markdown) in issues() {
        let text = reader.decode("issues/4.md", markdown.as_bytes());
        let (issue, _) = reader.parse(&text);
        let (addresses, newsletter) = (addresses(), newsletter());
        let request = MailRequest {
            issue: &issue,
            summary: &issue.summary(),
            newsletter: &newsletter,
            addresses: &addresses,
            language,
            date: Some(("2024-03-09".parse().unwrap(), Precision::Day)),
            subscribe: Some("https://example.org/subscribe"),
            has_preferences: true,
            linkify: true,
            look: &look,
            text: TextStyle::default(),
            optional: &[],
        };
        let frame = render::email(&Templates::default(), &request).unwrap();
        mails.push(frame.fill(&personal()).unwrap().html);
    }
    mails.push(notice());
    mails
}

/// Elements, attributes and properties, as the table names them.
fn used(mails: &[String]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for mail in mails {
        let document = Html::parse_document(mail);
        for node in document.tree.nodes() {
            let above = node.parent().and_then(|above| above.value().as_element());
            let in_sheet = above.is_some_and(|above| above.name() == "style");
            if let Some(text) = node.value().as_text().filter(|_| in_sheet) {
                // The bodies of rules, those within `@media` too.
                for rule in text.split('{').skip(1) {
                    let (body, _) = rule.split_once('}').unwrap_or_default();
                    properties(body, &mut used);
                }
            }
            let Some(element) = node.value().as_element() else {
                continue;
            };
            used.insert(format!("<{}>", element.name()));
            for (name, value) in element.attrs() {
                if name == "style" {
                    properties(value, &mut used);
                } else {
                    used.insert(format!("{name}="));
                }
            }
        }
    }
    // What says what a thing is, not how it looks.
    for name in [
        "alt", "charset", "class", "content", "href", "id", "name", "src", "title",
    ] {
        used.remove(&format!("{name}="));
    }
    for name in ["start", "value"] {
        used.remove(&format!("{name}="));
    }
    used
}

fn properties(declarations: &str, used: &mut BTreeSet<String>) {
    for declaration in declarations.split(';') {
        if let Some((property, _)) = declaration.split_once(':') {
            used.insert(property.trim().to_ascii_lowercase());
        }
    }
}

/// The letters of the data, for a name of the table.
fn letters(name: &str) -> [String; 5] {
    let data = include_str!("../../src/email/check/support.txt");
    let (kind, name) = match name.strip_suffix('=') {
        Some(attribute) => ("attribute", attribute),
        None => match name.strip_prefix('<') {
            Some(element) => ("element", element.trim_end_matches('>')),
            None => ("property", name),
        },
    };
    let find = |name: &str| {
        let start = format!("{kind} {name} ");
        data.lines().find_map(|line| line.strip_prefix(&start))
    };
    let whole = ["border", "margin", "padding"].into_iter();
    let mut whole =
        whole.filter(|whole| kind == "property" && name.starts_with(&format!("{whole}-")));
    let row = find(name).or_else(|| find(whole.next()?));
    let mut letters = row.unwrap_or("– – – – –").split(' ').map(str::to_owned);
    std::array::from_fn(|_| letters.next().unwrap())
}

#[test]
fn all_that_a_mail_is_made_of_is_told_with_its_support() {
    let table = include_str!("../../docs/mail-support.md");
    let rows: BTreeMap<&str, Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| -> Vec<&str> {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(str::trim).collect()
        })
        .filter(|cells| cells.len() == 7)
        .map(|cells| (cells[0].trim_matches('`'), cells))
        .collect();
    let used = used(&mails());
    assert!(used.len() > 50, "{used:?}");
    for name in &used {
        let letters = letters(name);
        let wanted = format!("| `{name}` | {} |", letters.join(" | "));
        let Some(row) = rows.get(name.as_str()) else {
            panic!("not in docs/mail-support.md: {wanted} and then what a reader sees |");
        };
        assert_eq!(row[1..6], letters, "{wanted}");
        let told = row.get(6).is_some_and(|fallback| !fallback.is_empty());
        let everywhere = letters.iter().all(|letter| letter == "y");
        assert!(told || everywhere, "what does a reader see without {name}?");
    }
    // Only an editor who goes that deep has it.
    for name in rows.keys().filter(|name| **name != "<h6>") {
        assert!(
            used.contains(*name),
            "{name} is in the table and in no mail"
        );
    }
}

#[test]
fn a_property_that_no_table_names_would_be_seen() {
    let html = "<style>@media (x){p{Float:left}}</style><nav hidden style='top:0'>";
    let used = used(&[html.to_owned()]);
    for name in ["float", "<nav>", "hidden=", "top"] {
        assert!(used.contains(name), "{name}: {used:?}");
    }
    assert_eq!(letters("float"), ["a", "n", "y", "y", "a"]);
    assert_eq!(letters("border-left")[4], letters("border")[4]);
}
