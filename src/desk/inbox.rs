//! How the line of an inbox looks: sender, subject and preview, cut where clients
//! cut them.

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::desk::Proof;

/// A client's room, in columns of a common letter at its usual width. Windows and
/// fonts differ: it is where a cut is to be expected.
struct Client {
    name: &'static str,
    sender: usize,
    subject: usize,
    /// Columns of the preview; where it shares a line with the subject, it has what
    /// that leaves.
    preview: usize,
    shared: bool,
}

const CLIENTS: [Client; 3] = [
    Client {
        name: "Gmail in a browser",
        sender: 20,
        subject: 100,
        preview: 100,
        shared: true,
    },
    Client {
        name: "Apple Mail on an iPhone",
        sender: 28,
        subject: 40,
        preview: 82,
        shared: false,
    },
    Client {
        name: "Outlook for Windows",
        sender: 30,
        subject: 48,
        preview: 52,
        shared: false,
    },
];

/// Words that a client looks at.
const MOST: usize = 36;

/// A text, the part that is shown and the rest.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cut {
    shown: String,
    rest: String,
}

/// The line of one client.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    client: &'static str,
    sender: Cut,
    subject: Cut,
    preview: Cut,
    shared: bool,
}

/// The lines of all of them.
pub(super) fn lines(proof: &Proof) -> Vec<Line> {
    let preview = preview(proof);
    let line = |client: &Client| {
        let subject = cut(&proof.subject, client.subject);
        let taken = match client.shared {
            true => subject.shown.width() + 3,
            false => 0,
        };
        Line {
            client: client.name,
            sender: cut(&proof.sender, client.sender),
            preview: cut(&preview, client.preview.saturating_sub(taken)),
            subject,
            shared: client.shared,
        }
    };
    CLIENTS.iter().map(line).collect()
}

/// The words of the mail as a client strings them together: of the HTML, where there
/// is one.
fn preview(proof: &Proof) -> String {
    let body = match proof.html.split_once("<body") {
        Some((_, body)) => words_of(body),
        None => proof.text.clone(),
    };
    let words: Vec<&str> = body.split_whitespace().take(MOST).collect();
    words.join(" ")
}

/// The text of HTML from within a tag on.
fn words_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        let (_, words) = piece.split_once('>').unwrap_or(("", ""));
        // What stood in two elements are two words, but for what is written on.
        let joined = piece.starts_with("/a>") || piece.starts_with("/b>");
        if !joined && !text.ends_with(' ') {
            text.push(' ');
        }
        text.push_str(words);
    }
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text, |text, (entity, sign)| text.replace(entity, sign))
}

fn cut(text: &str, columns: usize) -> Cut {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut used = 0;
    let mut end = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += cluster.width();
        if used > columns {
            break;
        }
        end = at + cluster.len();
    }
    Cut {
        shown: text[..end].to_owned(),
        rest: text[end..].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_mail_are_those_between_its_tags() {
        let html = " style=\"x\"><p>5&nbsp;articles &amp; <a href=\"u\">a tool</a>.</p><p>Next</p>";
        let words: Vec<String> = words_of(html)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        assert_eq!(words.join(" "), "5 articles & a tool. Next");
    }

    #[test]
    fn a_line_is_cut_by_the_width_of_its_letters() {
        let parts = |text: &str, columns| {
            let cut = cut(text, columns);
            (cut.shown, cut.rest)
        };
        let own = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(parts("plain text", 5), own("plain", " text"));
        assert_eq!(parts("plain", 9), own("plain", ""));
        assert_eq!(parts("校样周刊", 5), own("校样", "周刊"));
        assert_eq!(parts("a👩‍🚀b", 3), own("a👩‍🚀", "b"));
        assert_eq!(parts("a\n  b", 9), own("a b", ""));
    }
}
